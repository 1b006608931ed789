/** The fingerprint of a table: its names and definitions, without oids, statistics, privileges, replication or partitions. Pure. */
import { createHash } from 'node:crypto'
import type { Table } from '../catalog.ts'

/** sha256 of everything a plan relies on: columns, keys, constraints, triggers, rules, policies. */
export const fingerprint = (table: Table): string => {
  const { estimatedRows: _rows, canSelect: _s, canInsert: _i, canUpdate: _u, canDelete: _d, ...known } = table
  const { subscription: _sub, unpublishable: _pub, columns, ...rest } = known
  const triggers = rest.triggers.map(({ isBeforeRow: _before, ...trigger }) => trigger) // the definition says so
  const definitions = columns.map(
    ({ canSelect: _cs, canInsert: _ci, canUpdate: _cu, typeGrant: _tg, sequence, ...column }) => ({
      ...column,
      sequence:
        sequence === null ? null : { schema: sequence.schema, name: sequence.name, increment: sequence.increment },
    }),
  )
  return createHash('sha256')
    .update(JSON.stringify([{ ...rest, triggers }, definitions]))
    .digest('hex')
}
