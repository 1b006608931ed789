/** Rows behind references whose table depends on another column, as far as those are not followed. */
import { sql } from 'kysely'
import { isBookkeeping } from '../catalog/conventions/bookkeeping.ts'
import { tablesOfClass } from '../catalog/conventions/inflection.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { type FollowedReference, findTypedNames, type TypedReference } from '../catalog/typed-references.ts'
import type { PolymorphicRelation } from '../config/config.ts'
import { arrayText, column, type Query } from '../database/names.ts'
import { fromSample, fromTable, inBatches, keyedRows } from '../sql/rows.ts'
import { type Sides, tableOf } from './sides.ts'
import type { Sizes } from './sizes.ts'

/** Rows that refer to something by a type that is not followed. */
export interface NotFollowed {
  readonly table: string
  readonly typeColumn: string
  readonly idColumn: string
  readonly type: string
  readonly rows: number
  /** `unknown type`: no table is known for it. `not approved`: one is, if somebody says so. `refers to it`: rows of the backup below rows that come back. */
  readonly why: 'unknown type' | 'not approved' | 'refers to it'
}

/** Columns that look like a reference to rows of several tables. */
export interface TypedSuggestion {
  readonly relation: PolymorphicRelation
  /** Rows that refer by a type that a table is known for. */
  readonly rows: number
  /** Types for which none is known. */
  readonly unknown: readonly string[]
}

/** Pairs of columns that look like such a reference, and that nobody has said anything of. */
export const findUnapproved = (catalog: SharedCatalog): readonly TypedReference[] =>
  [...catalog.tables.values()].flatMap((table) => {
    if (table.hidden !== null || table.identity.length === 0 || isBookkeeping(table)) return []
    return findTypedNames(table, catalog.relations).filter(
      (pair) => !catalog.typed.some((own) => own.table === pair.table && own.idColumn === pair.idColumn),
    )
  })

/** The table that a class has by Rails' conventions, if there is one that can be referred to. */
export const tableOfClass = (catalog: SharedCatalog, name: string): SharedTable | null => {
  for (const wanted of tablesOfClass(name)) {
    const found = [...catalog.tables.values()].filter((table) => table.name === wanted && table.primaryKey.length === 1)
    if (found.length === 1) return found[0] ?? null
  }
  return null
}

/** Types that the given rows refer by, with counts; those in `followed` aside. */
const countTypes = async (
  sides: Sides,
  { table: id, typeColumn, idColumn, followed }: Omit<FollowedReference, 'names'>,
  keys: Iterable<string>,
): Promise<ReadonlyMap<string, number>> => {
  const { backup, identity } = tableOf(sides.catalog, id)
  const counts = new Map<string, number>()
  const type = sql`${column('t', typeColumn)}::text`
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${type}, pg_catalog.count(*)::text
      from ${keyedRows(backup, identity, batch)}
      where ${column('t', idColumn)} is not null and ${type} <> all (${arrayText(followed)}::text[])
      group by 1
      order by 1`)
    for (const [name, count] of rows) counts.set(name ?? '', (counts.get(name ?? '') ?? 0) + Number(count))
  }
  return counts
}

/** Rows of a pair's table that refer to some of the keys of another one, by the classes that this may be the table of. */
const countReferring = async (
  sides: Sides,
  { table: id, typeColumn, idColumn }: TypedReference,
  { parent, keys }: { readonly parent: SharedTable; readonly keys: Iterable<string> },
): Promise<ReadonlyMap<string, number>> => {
  const { backup } = tableOf(sides.catalog, id)
  const counts = new Map<string, number>()
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${column('c', typeColumn)}::text, pg_catalog.count(*)::text
      from ${fromTable(backup)} as c
      where ${column('c', idColumn)}::text = any (${arrayText(batch)}::text[])
      group by 1
      order by 1`)
    for (const [name, count] of rows) {
      if (name === null || name === undefined || tableOfClass(sides.catalog, name) !== parent) continue
      counts.set(name, (counts.get(name) ?? 0) + Number(count))
    }
  }
  return counts
}

/** What is not followed from, or to, the rows to be inserted: packed keys by table. */
export const listNotFollowed = async (
  sides: Sides,
  inserted: ReadonlyMap<string, Iterable<string>>,
): Promise<readonly NotFollowed[]> => {
  const { catalog } = sides
  const found: NotFollowed[] = []
  const unapproved = findUnapproved(catalog)
  if (catalog.typed.length + unapproved.length === 0) return []
  const note = (
    pair: TypedReference,
    counts: ReadonlyMap<string, number>,
    why: (type: string) => NotFollowed['why'],
  ) => {
    const { table, typeColumn, idColumn } = pair
    for (const [type, rows] of counts) found.push({ table, typeColumn, idColumn, type, rows, why: why(type) })
  }
  for (const pair of catalog.typed) {
    const counts = await countTypes(sides, pair, inserted.get(pair.table) ?? [])
    note(pair, new Map([...counts].map(([type, rows]) => [pair.names[type] ?? type, rows])), () => 'unknown type')
  }
  for (const pair of unapproved) {
    const counts = await countTypes(sides, { ...pair, followed: [] }, inserted.get(pair.table) ?? [])
    // A pair of which no type is the name of a table is something else.
    if ([...counts.keys()].some((type) => tableOfClass(catalog, type) !== null)) {
      note(pair, counts, (type) => (tableOfClass(catalog, type) === null ? 'unknown type' : 'not approved'))
    }
    for (const [id, keys] of inserted) {
      const parent = tableOf(catalog, id)
      if (parent.identity.length !== 1 || parent.identity[0] !== parent.primaryKey[0]) continue
      note(pair, await countReferring(sides, pair, { parent, keys }), () => 'refers to it')
    }
  }
  return found
}

/** Bytes of a table that are read for a suggestion, at most: of a larger one a sample tells. */
const sampled = 100_000_000

/** The tables that the types of a pair stand for, the most used first; null where no type is the name of one. `source`: the pair's table as `t`, or some of it. */
export const readTypes = async (
  { backup, catalog }: Pick<Sides, 'backup' | 'catalog'>,
  { table, typeColumn, idColumn }: TypedReference,
  source: Query = sql`${fromTable(tableOf(catalog, table).backup)} as t`,
): Promise<TypedSuggestion | null> => {
  const type = column('t', typeColumn)
  const found = await backup.rows(sql`
    select ${type}::text, pg_catalog.count(*)::text
    from ${source}
    where ${column('t', idColumn)} is not null and ${type} is not null
    group by 1
    order by pg_catalog.count(*) desc, 1`)
  const known = found.flatMap(([name, rows]) => {
    const parent = tableOfClass(catalog, name ?? '')
    return parent === null ? [] : [{ name: name ?? '', parent: parent.id, rows: Number(rows) }]
  })
  if (known.length === 0) return null
  const types = Object.fromEntries(known.map(({ name, parent }) => [name, parent]))
  const unknown = found.map(([name]) => name ?? '').filter((name) => !Object.hasOwn(types, name))
  const rows = known.reduce((sum, own) => sum + own.rows, 0)
  return { relation: { from: table, typeColumn, idColumn, types }, rows, unknown }
}

/** What each table with an unapproved pair may refer to by it, by table id. `sizes` are those of the backup's tables. */
export const suggestTyped = async (
  sides: Sides,
  sizes: Sizes,
): Promise<ReadonlyMap<string, readonly TypedSuggestion[]>> => {
  const found = new Map<string, readonly TypedSuggestion[]>()
  for (const pair of findUnapproved(sides.catalog)) {
    const { backup } = tableOf(sides.catalog, pair.table)
    const share = (100 * sampled) / Math.max(1, sizes.get(pair.table)?.bytes ?? 0)
    const sample = fromSample(backup, sql`system (${sql.lit(share)}) repeatable (0)`)
    const suggestion = await readTypes(sides, pair, share < 100 ? sample : undefined)
    if (suggestion !== null) found.set(pair.table, [...(found.get(pair.table) ?? []), suggestion])
  }
  return found
}
