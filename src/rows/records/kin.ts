/** What became of the rows that refer to others: what still does as it did proves that those are there still; what was unhooked that they went. */
import { sql } from 'kysely'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { any, column, list, type Query } from '../../database/names.ts'
import { packKey } from '../../keys/key.ts'
import { joinRelation } from '../../sql/references.ts'
import { fromTable } from '../../sql/rows.ts'
import { findKeys, readByKey } from '../by-key.ts'
import type { Sides } from '../sides.ts'
import type { StateCache } from '../state-cache.ts'
import { readPresent } from '../states.ts'
import { hasContent } from './content.ts'
import { readHabits } from './habits.ts'
import type { Differing } from './weigh-columns.ts'

/** So many rows that refer to one are looked at: one that stayed is proof enough. */
const mostKin = 100

/** What weighing needs to know. */
export interface Weighing {
  readonly sides: Sides
  readonly states: StateCache
  /** Which rows of live, by their alias, count as having stayed; absent: all. */
  readonly hasStayed?: (alias: string) => Query
  /** Columns of rows, packed, of which it is known why they differ, or which are to be written: they say nothing. */
  readonly explained?: Differing
  /** Tables of rows that are weighed because of these, by id: they are not gone back to. */
  readonly above?: readonly string[]
}

/** Relations whose rows have a key of their own that no other parent's row would have. */
const kinRelations = (
  sides: Sides,
  table: SharedTable,
): readonly { readonly relation: Relation; readonly child: SharedTable }[] =>
  sides.catalog.relations.flatMap((relation) => {
    const child = sides.catalog.tables.get(relation.child)
    const isKin =
      relation.parent === table.id &&
      child !== undefined &&
      child.hidden === null &&
      child.ends === null &&
      child.identity.length > 0 &&
      relation.condition === null &&
      !relation.columns.some((name) => child.identity.includes(name))
    return isKin ? [{ relation, child }] : []
  })

export interface Kept {
  /** To these, live rows still refer just as they do in the backup, by a key that their parent cannot go without: more than do otherwise. */
  readonly kept: ReadonlySet<string>
  /** To these, most live rows that refer to them have become others. */
  readonly broken: ReadonlySet<string>
}

/** What the rows that refer to the rows given say about them. */
export const findKept = async (
  { sides, states, hasStayed }: Weighing,
  table: SharedTable,
  keys: readonly string[],
): Promise<Kept> => {
  const kept = new Set<string>()
  const broken = new Set<string>()
  for (const { relation, child } of kinRelations(sides, table)) {
    if (!relation.isEnforced || !(await hasContent(sides, child, relation))) continue
    const asked = {
      keys: keys.filter((key) => !kept.has(key)),
      show: child.identity.map((name) => column('c', name)),
      join: sql`
        cross join lateral (
          select ${list(child.identity.map((name) => column('o', name)))}
          from ${fromTable(child.live)} as o
          where ${joinRelation(relation, 'o', 't')} and ${hasStayed?.('o') ?? sql`true`}
          order by ${list(child.identity.map((name) => column('o', name)))}
          limit ${sql.lit(mostKin)}) as c`,
    }
    for await (const rows of readByKey(sides.live, table, asked)) {
      const kin = rows.map(({ key, values }) => ({ parent: key, key: packKey(values) }))
      const known = await readPresent(sides.backup, child, [...new Set(kin.map(({ key }) => key))])
      const found = await states.read(child, [...known])
      for (const [parent, own] of Map.groupBy(kin, (row) => row.parent)) {
        const both = own.filter(({ key }) => known.has(key))
        const same = both.filter(({ key }) => found.get(key)?.state === 'same').length
        if (same > 0 && same * 2 >= both.length) kept.add(parent)
        else if (both.length > 0) broken.add(parent)
      }
    }
  }
  return { kept, broken }
}

/** So many rows show whether what changed nearly everywhere changed in rows that stayed. */
const mostWitnesses = 100

/** Columns that somebody rewrote in most rows of a table: rows that still belong to those rows, as in the backup, say that they stayed. */
export const findRewritten = async (weighing: Weighing, table: SharedTable): Promise<ReadonlySet<string>> => {
  const { rewritten, changed } = await readHabits(weighing.sides, table)
  const witnesses = new Map(
    rewritten.map(
      (name) => [name, [...changed].flatMap(([key, names]) => (names.includes(name) ? [key] : []))] as const,
    ),
  )
  const asked = new Set([...witnesses.values()].flatMap((keys) => keys.slice(0, mostWitnesses)))
  if (asked.size === 0) return new Set()
  const { kept, broken } = await findKept(weighing, table, [...asked])
  const among = (keys: readonly string[], others: ReadonlySet<string>): number =>
    keys.filter((key) => others.has(key)).length
  return new Set([...witnesses].flatMap(([name, keys]) => (among(keys, kept) > among(keys, broken) * 10 ? [name] : [])))
}

/** Of the rows given, those that live rows referred to in the backup, by references that are empty by now. */
export const findUnhooked = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const unhooked = new Set<string>()
  for (const { relation, child } of kinRelations(sides, table)) {
    if (!relation.isNullable) continue
    const asked = {
      keys,
      show: child.identity.map((name) => column('c', name)),
      join: sql`
        cross join lateral (
          select ${list(child.identity.map((name) => column('o', name)))}
          from ${fromTable(child.backup)} as o
          where ${joinRelation(relation, 'o', 't')}
          limit ${sql.lit(mostKin)}) as c`,
    }
    const isEmptied = any(relation.columns.map((name) => sql`${column('t', name)} is null`))
    for await (const rows of readByKey(sides.backup, table, asked)) {
      const children = rows.map(({ values }) => packKey(values))
      const emptied = await findKeys(sides.live, child, { keys: children, where: isEmptied })
      for (const [position, { key }] of rows.entries()) {
        if (emptied.has(children[position] ?? '')) unhooked.add(key)
      }
    }
  }
  return unhooked
}
