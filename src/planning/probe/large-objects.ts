/**
 * Rows that name large objects. Those are no part of any row: where live does not have the very same one under that number, the
 * row would name nothing, or something else.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { arrayText } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { displayKey } from '../../keys/key.ts'
import type { Finding, Help } from '../../plan/finding.ts'
import type { Sides } from '../../rows/sides.ts'
import { readBackupValues } from '../../rows/values.ts'
import { inBatches } from '../../sql/rows.ts'

/** Bytes up to which contents are compared; longer ones are taken for different. */
const most = 64 * 1024 * 1024

/** Large objects among the numbers given, with a digest of their contents; null where they are too long, or may not be read. */
const readLargeObjects = async (
  side: Reader,
  numbers: readonly string[],
): Promise<ReadonlyMap<string, string | null>> => {
  const found = new Map<string, string | null>()
  for (const batch of inBatches(numbers)) {
    // Whoever may not read one would end the transaction by trying.
    const rows = await side.rows(sql`
      select o.oid::text,
        case when pg_catalog.pg_has_role(o.lomowner, 'usage')
              and pg_catalog.octet_length(pg_catalog.lo_get(o.oid, ${most}::bigint, 1)) = 0
          then pg_catalog.md5(pg_catalog.lo_get(o.oid)) end
      from pg_catalog.pg_largeobject_metadata as o
      where o.oid = any (${arrayText(batch)}::oid[])`)
    for (const [number, digest] of rows) found.set(number ?? '', digest ?? null)
  }
  return found
}

const helpsFor = (table: SharedTable, name: string): readonly Help[] =>
  columnOf(table.live, name)?.notNull === false ? [{ kind: 'empty', column: name }] : []

/** A finding per row that names a large object of the backup which live does not have, by packed key. */
export const findLargeObjects = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Finding>> => {
  const found = new Map<string, Finding>()
  // The extension "lo" has a domain over it.
  const names = table.columns.filter(({ live }) => live.baseType === 'oid').map(({ name }) => name)
  if (names.length === 0 || keys.length === 0) return found
  const rows = await readBackupValues(sides, table, { keys, columns: names })
  const numbers = [...new Set([...rows.values()].flat())].filter((value) => value !== null)
  const there = await readLargeObjects(sides.backup, numbers)
  if (there.size === 0) return found
  const here = await readLargeObjects(sides.live, [...there.keys()])
  const isLost = (value: string | null | undefined): boolean => {
    const digest = there.get(value ?? '')
    return digest !== undefined && (digest === null || here.get(value ?? '') !== digest)
  }
  for (const [key, values] of rows) {
    const lost = names.filter((_, p) => isLost(values[p]))
    if (lost.length === 0) continue
    const own = lost.map((name) => values[names.indexOf(name)] ?? null)
    found.set(key, {
      kind: 'large object',
      table: table.id,
      key: displayKey(key),
      constraint: null,
      columns: lost,
      values: own,
      live: [],
      possible: ['skip'],
      isThere: own.map((value) => here.has(value ?? '')),
      helps: lost.flatMap((name) => helpsFor(table, name)),
    })
  }
  return found
}
