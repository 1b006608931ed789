/**
 * Whether a live row that has other values than the backup's row of the same key is that record still, or another one that was given
 * its key: a folder whose files went with it may have been made anew, for somebody else, under the id that was free.
 *
 * Suspicious is a row of which most columns that tell records apart differ (or half, where more than one does), or another unique key
 * and half of the rest, or the column that says when it was made; half alone where references to it were emptied. So is one of which so
 * little is equal that another record might have as much by chance, ten to one for each column that differs. It is cleared by a unique
 * key of its own or a time of making that is the same, and by rows that still belong to it as in the backup, and could not have outlived
 * it. Little is told by columns that change in many rows, or have the same value in many, or are empty on either side, or are there to
 * change (`updated_at`, `photo_count`): they are asked where there is nothing else. Who wrote a row last is not: an edit is a write too.
 */
import { hasSurrogate, type SharedTable } from '../../catalog/shared.ts'
import { readParents } from '../references.ts'
import type { Sides } from '../sides.ts'
import { readDifferences } from './changed-columns.ts'
import { findKept, findRewritten, findUnhooked, type Weighing } from './kin.ts'
import { comparedColumns } from './records.ts'
import { type Differing, type Likeness, type Weighed, weighColumns } from './weigh-columns.ts'

/** Rows recognised by what the user named, or by their ends, are who they are. */
const isKnownByKey = (sides: Sides, table: SharedTable): boolean =>
  table.ends !== null || hasSurrogate(table) || sides.catalog.declarations.identities[table.id] !== undefined

/** Rows of the backup, packed, with the live rows that are there for them, and the columns that are no sign of it. */
export interface Moved {
  readonly rows: ReadonlyMap<string, string>
  /** They follow the keys of other rows, or are what the live rows were found by. */
  readonly except: readonly string[]
}

/** Weighs live rows that stand in for the backup's under other keys, by their columns alone: those that differ in any. */
export const weighMoved = async (
  sides: Sides,
  table: SharedTable,
  { rows, except }: Moved,
): Promise<ReadonlyMap<string, Likeness>> => {
  if (rows.size === 0) return new Map()
  const columns = comparedColumns(table).filter((name) => !table.identity.includes(name) && !except.includes(name))
  const pairs = { keys: [...rows.keys()], live: [...rows.values()], columns }
  const differing = await readDifferences(sides, table, pairs)
  const weighed = await weighColumns(sides, table, { ...pairs, differing, explained: new Map() })
  return new Map([...weighed].map(([key, { likeness }]) => [key, likeness]))
}

/** Columns of a row that came back under another key that follow other keys. */
export const followingColumns = ({ catalog }: Sides, table: SharedTable): readonly string[] =>
  catalog.relations.flatMap(({ child, columns }) => (child === table.id ? columns : []))

/** Weighs rows that live has with other values under the same keys: those that differ in any that is not explained. */
export const weighLikeness = async (
  weighing: Weighing,
  table: SharedTable,
  changed: Differing,
): Promise<ReadonlyMap<string, Likeness>> => {
  const { sides, explained = new Map() } = weighing
  const rows = withoutExplained(changed, explained)
  if (rows.size === 0) return new Map()
  if (isKnownByKey(sides, table))
    return new Map(
      [...rows].map(([key, columns]) => [key, { isClear: true, columns, changed: columns, of: columns.length }]),
    )
  const keys = [...rows.keys()]
  const pairs = { keys, live: keys, columns: comparedColumns(table), differing: rows, explained }
  const weighed = new Map(await weighColumns(sides, table, pairs))
  for (const [key, columns] of await findDoubted(weighing, table, weighed)) {
    const known = weighed.get(key)
    if (known !== undefined) weighed.set(key, { ...known, likeness: known.distrusting(columns) })
  }
  const likenesses = new Map([...weighed].map(([key, { likeness }]) => [key, likeness]))
  const suspects = new Map([...weighed].filter(([, { likeness, isHalf }]) => !likeness.isClear || isHalf))
  const rewritten = suspects.size === 0 ? new Set<string>() : await findRewritten(weighing, table)
  for (const [key, { likeness }] of suspects) {
    const isExplained = likeness.columns.length > 0 && likeness.columns.every((name) => rewritten.has(name))
    if (isExplained) likenesses.set(key, { ...likeness, isClear: true })
    if (isExplained) suspects.delete(key)
  }
  if (suspects.size === 0) return likenesses
  const { kept } = await findKept(weighing, table, [...suspects.keys()])
  const unhooked = await findUnhooked(sides, table, [...suspects.keys()])
  for (const [key, { likeness, isHalf }] of suspects) {
    const isProven = kept.has(key) && !unhooked.has(key)
    const isSuspect = !likeness.isClear || (isHalf && unhooked.has(key))
    likenesses.set(key, { ...likeness, isClear: isProven || !isSuspect })
  }
  return likenesses
}

/** The rows that differ in other columns than those explained. */
const withoutExplained = (differing: Differing, explained: Differing): Differing => {
  if (explained.size === 0) return differing
  const rest = [...differing].map(
    ([key, columns]) => [key, columns.filter((name) => !explained.get(key)?.includes(name))] as const,
  )
  return new Map(rest.filter(([, columns]) => columns.length > 0))
}

/**
 * References that are equal while what they refer to may be another record by now, by row, of the rows that would be suspicious without them:
 * a file of the same folder is no more the same than the folder is.
 */
const findDoubted = async (
  weighing: Weighing,
  table: SharedTable,
  weighed: ReadonlyMap<string, Weighed>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { sides, states, above = [] } = weighing
  const relations = sides.catalog.relations.filter(
    ({ child, parent, isEnforced }) =>
      child === table.id && isEnforced && parent !== table.id && !above.includes(parent),
  )
  const references = relations.flatMap(({ columns }) => columns)
  const leaning = [...weighed].flatMap(([key, { likeness, distrusting }]) =>
    references.length > 0 && likeness.isClear && !distrusting(references).isClear ? [key] : [],
  )
  const doubted = new Map<string, readonly string[]>()
  for (const relation of leaning.length === 0 ? [] : relations) {
    const parent = sides.catalog.tables.get(relation.parent)
    if (parent === undefined || parent.hidden !== null || parent.identity.length === 0) continue
    const { rows } = await readParents(sides, { relation, child: table }, leaning)
    const known = await states.read(parent, [...new Set(rows.map(({ other }) => other))])
    const changed = new Map(
      [...known].flatMap(([key, state]) => (state.state === 'changed' ? [[key, state.columns] as const] : [])),
    )
    const likenesses = await weighLikeness(
      { ...weighing, explained: new Map(), above: [...above, table.id] },
      parent,
      changed,
    )
    for (const { key, other } of rows) {
      const isOther = known.get(other)?.state === 'reused' || likenesses.get(other)?.isClear === false
      if (isOther) doubted.set(key, [...(doubted.get(key) ?? []), ...relation.columns])
    }
  }
  return doubted
}
