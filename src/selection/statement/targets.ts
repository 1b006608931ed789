/** The tables a statement means: found by the search_path, with inheritance children, and through the root of a partition. */

import { sql } from 'kysely'
import { isRenamed, storedTable } from '../../catalog/catalog.ts'
import { findTable, refuseTable, type SharedTable } from '../../catalog/shared.ts'
import { isCalled, type TableName } from '../../catalog/table-name.ts'
import { displayName, type QualifiedName } from '../../database/display.ts'
import type { Sides } from '../../rows/sides.ts'
import { refuse } from './refusals.ts'
import type { Target } from './statement.ts'

/** One table whose rows the statement reaches. */
export interface ReachedTable {
  /** The table as plans know it: the root, for a partition. */
  readonly table: SharedTable
  /** The table that is read. */
  readonly relation: QualifiedName
  readonly isPartitioned: boolean
  /** False for an inheritance child. */
  readonly isNamed: boolean
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A table that plans know, or why not. Throws `unknown-table` or `not-restorable`; `usage` where the backup has other names. */
const sharedTable = (sides: Sides, name: TableName): SharedTable => {
  const renamed = [...sides.catalog.tables.values()].find(
    ({ backup }) => isRenamed(backup) && isCalled(name, storedTable(backup)),
  )
  const table = renamed ?? findTable(sides.catalog, name)
  if (isRenamed(table.backup)) {
    throw refuse(
      `is about "${table.id}", whose names in the backup are not those of live`,
      `Select its rows with --where "<condition>": there columns have live's names.`,
    )
  }
  if (table.refusal === null) return table
  throw refuseTable(table)
}

/** Finds what a target names in the backup; to be called with the user's search_path. */
export const findTargets = async (sides: Sides, { schema, name, isOnly }: Target): Promise<readonly ReachedTable[]> => {
  const text = schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
  // c: the table itself or an inheritance child of it, r: the root of its partitions
  const rows = await sides.backup.rows(sql`
    with recursive reached(oid, is_named) as (
      select c.oid, true
      from pg_catalog.pg_class as c
      where c.oid = pg_catalog.to_regclass(${text})
      union
      select i.inhrelid, false
      from reached
      join pg_catalog.pg_class as c on c.oid = reached.oid and c.relkind <> 'p'
      join pg_catalog.pg_inherits as i on i.inhparent = c.oid
      where not ${isOnly}::boolean
    )
    select n.nspname::text, c.relname::text, (c.relkind = 'p')::text, reached.is_named::text,
           rn.nspname::text, r.relname::text
    from reached
    join pg_catalog.pg_class as c on c.oid = reached.oid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_class as r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
    join pg_catalog.pg_namespace as rn on rn.oid = r.relnamespace
    order by reached.is_named desc, 1, 2`)
  if (rows.length === 0) {
    const known = sharedTable(sides, schema === null ? { name } : { schema, name })
    throw refuse(
      `names "${name}", which the search_path of this connection does not find in the backup`,
      `Write it with its schema: ${known.id}.`,
    )
  }
  return rows.map(([ownSchema, own, isPartitioned, isNamed, rootSchema, root]) => ({
    table: sharedTable(sides, { schema: rootSchema ?? '', name: root ?? '' }),
    relation: { schema: ownSchema ?? '', name: own ?? '' },
    isPartitioned: isPartitioned === 'true',
    isNamed: isNamed === 'true',
  }))
}

/** The tables that TRUNCATE ... CASCADE empties besides: every one that refers to an emptied one, however far. */
export const cascadeFrom = (sides: Sides, reached: readonly ReachedTable[]): readonly ReachedTable[] => {
  const ids = new Set(reached.map(({ table }) => table.id))
  const others: ReachedTable[] = []
  for (let found = true; found; ) {
    found = false
    for (const referring of sides.catalog.backup.tables) {
      if (ids.has(referring.id) || !referring.foreignKeys.some(({ parent }) => ids.has(parent))) continue
      ids.add(referring.id)
      found = true
      const table = sharedTable(sides, referring)
      others.push({ table, relation: referring, isPartitioned: referring.kind === 'partitioned', isNamed: true })
    }
  }
  return others.sort((a, b) => (displayName(a.table.id) < displayName(b.table.id) ? -1 : 1))
}
