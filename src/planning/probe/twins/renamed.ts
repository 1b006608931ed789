/**
 * Rows that live has under another key: somebody changed it, and what refers to them followed (ON UPDATE CASCADE). Such a row equals the backup's
 * in all but its key, and has rows below it that belonged to the backup's.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { isSameNames, unpackKey } from '../../../keys/key.ts'
import { readShown } from '../../../rows/by-key.ts'
import { comparedColumns } from '../../../rows/records/records.ts'
import { type Edge, readSomeChildren } from '../../../rows/references.ts'
import type { Sides } from '../../../rows/sides.ts'
import { oidOf } from '../../../sql/tree.ts'
import type { Mapping } from '../mapping.ts'
import { type ManyRows, scanForEqual } from './equal-rows.ts'

/** So many rows below one are looked at, by each relation. */
const mostChildren = 100

/** True where live lets keys of the table be changed under the rows that refer to them. */
const letsKeysChange = async ({ live }: Sides, table: SharedTable): Promise<boolean> => {
  const rows = await live.rows(sql`
    select 1
    from pg_catalog.pg_constraint
    where contype = 'f' and confupdtype = 'c' and confrelid = ${oidOf(table.live)} -- f: foreign key, c: cascade
    limit 1`)
  return rows.length > 0
}

const edgesByKey = ({ catalog }: Sides, parent: SharedTable): readonly Edge[] =>
  catalog.relations.flatMap((relation) => {
    const child = catalog.tables.get(relation.child)
    const isByKey = isSameNames([...relation.parentColumns].sort(), [...parent.identity].sort())
    const isMeant = relation.parent === parent.id && isByKey && relation.condition === null
    return child === undefined || child.hidden !== null || child.identity.length === 0 || !isMeant
      ? []
      : [{ relation, child, parent }]
  })

/** True where live has rows below `live` that belong to `key` in the backup. */
const hasFollowed = async (
  sides: Sides,
  { relation, child, parent }: Edge,
  { key, live }: { readonly key: string; readonly live: string },
): Promise<boolean> => {
  const values = unpackKey(live)
  const wanted = relation.parentColumns.map((name) => values[parent.identity.indexOf(name)])
  const keys = await readSomeChildren(sides, { relation, child, parent }, { key, most: mostChildren })
  const now = await readShown(sides.live, child, { keys, columns: relation.columns })
  return [...now.values()].some((row) => row.every((value, place) => value === wanted[place]))
}

/** Live rows that are rows of the backup under another key; packed. */
export const findRenamed = async (
  sides: Sides,
  mapping: Mapping,
  { table, keys }: Pick<ManyRows, 'table' | 'keys'>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const renamed = new Map<string, readonly string[]>()
  const edges = edgesByKey(sides, table)
  const isTold = comparedColumns(table).some((name) => !table.identity.includes(name))
  if (edges.length === 0 || !isTold || !(await letsKeysChange(sides, table))) return renamed
  for (const [key, equal] of await scanForEqual(
    sides,
    { table, keys, rewrite: (some) => mapping.rewrite(table, some) },
    table.identity,
  )) {
    const followed: string[] = []
    for (const live of equal) {
      for (const edge of edges) {
        if (await hasFollowed(sides, edge, { key, live })) followed.push(live)
      }
    }
    if (followed.length > 0) renamed.set(key, followed)
  }
  return renamed
}
