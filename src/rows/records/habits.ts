/**
 * How the columns of a table behave, read from a sample of rows that both sides have, the last of the backup by key.
 *
 * A column says when a record was made if it rises with the key and never changes in rows that stay the same record: whatever it is
 * called, and whether it is a time or a number. A column that changes in many such rows says little about which record a row is; nor
 * does one of which many rows have the same value. Where most rows have another value, somebody rewrote the column, or made all rows anew.
 */
import { sql } from 'kysely'
import { columnOf, isGiven } from '../../catalog/catalog.ts'
import { isInstant, isNumber, isStatus } from '../../catalog/conventions/column-words.ts'
import { hasSurrogate, type SharedTable } from '../../catalog/shared.ts'
import { column, list, type Query } from '../../database/names.ts'
import { packKey } from '../../keys/key.ts'
import { asText, fromTable } from '../../sql/rows.ts'
import type { Sides } from '../sides.ts'
import { readChangedColumns } from './changed-columns.ts'
import { type ColumnHabits, type CreationColumns, comparedColumns, namedCreationColumns } from './records.ts'
import { readSpread } from './spread.ts'

const unknown: ColumnHabits = {
  creation: [],
  instants: [],
  likelyCreation: [],
  restless: [],
  common: new Set(),
  values: new Map(),
  rewritten: [],
  changed: new Map(),
}

const sampled = 500

/** Fewer pairs of rows prove nothing. */
const fewestPairs = 8

/** A column that holds fewer values in the sample does not say when each of its rows was made. */
const fewestValues = 5

/** Two rows hardly have the same of so many values by chance. Where there are fewer, and less than one for two rows, many rows have the same. */
export const manyValues = 10

/** Of the steps from one key to the next, how many may go down: transactions do not end in the order in which they took their keys. */
const mostFalls = 0.05

/** A column often changes if it does in this share of the sample, and in so many rows. */
const often = { share: 0.1, rows: 3 }

/** Numbers from here on are no places in a list, but seconds since 1970 or smaller parts of them. */
const leastInstant = 1_000_000_000

const rising = /^(date|timestamp( with(out)? time zone)?|smallint|integer|bigint|numeric)$/

/** Columns that may turn out to say when a record was made. */
const candidates = (sides: Sides, table: SharedTable): readonly string[] => {
  const references = sides.catalog.relations.flatMap(({ child, columns }) => (child === table.id ? columns : []))
  return comparedColumns(table).filter((name) => {
    const isOwn = !table.identity.includes(name) && !references.includes(name) && !isGiven(table.backup, name)
    return isOwn && [table.live, table.backup].every((side) => rising.test(columnOf(side, name)?.baseType ?? ''))
  })
}

/** Rows are found by their key in the order of an index. */
const isSampled = (table: SharedTable): boolean =>
  table.ends === null && !hasSurrogate(table) && table.identity.length > 0 && !table.countsOnly

interface SampledRow {
  readonly key: string
  /** Per candidate: its value, and whether that is less than that of the row before; null where there is none to compare. */
  readonly values: readonly (string | null)[]
  readonly falls: readonly (boolean | null)[]
}

const readSampled = async (
  sides: Sides,
  table: SharedTable,
  columns: readonly string[],
): Promise<readonly SampledRow[]> => {
  const own = [...table.identity, ...columns]
  const last = table.identity.at(-1) ?? ''
  const rest = table.identity.slice(0, -1)
  const partition = rest.length === 0 ? sql`` : sql`partition by ${list(rest.map((name) => column('s', name)))}`
  const falls = columns.map((name) => sql`, (${column('s', name)} < pg_catalog.lag(${column('s', name)}) over w)::text`)
  const rows = await sides.backup.rows(sql`
    select ${asText('s', own)} ${list(falls, '')}
    from ${lastRows(table, own)} as s
    window w as (${partition} order by ${column('s', last)})
    order by ${list(table.identity.map((name) => column('s', name)))}`)
  const width = table.identity.length
  return rows.map((row) => ({
    key: packKey(row.slice(0, width).map((value) => value ?? '')),
    values: row.slice(width, own.length),
    falls: row.slice(own.length).map((value) => (value === null ? null : value === 'true')),
  }))
}

/** The habits of a table's columns; none are known where its rows have no key of their own. */
export const readHabits = (sides: Sides, table: SharedTable): Promise<ColumnHabits> => {
  const known = sides.habits.get(table.id)
  if (known !== undefined) return known
  const reading = sampleHabits(sides, table)
  sides.habits.set(table.id, reading)
  return reading
}

/** The columns that say when a record was made: where a name does, the rows are not asked. */
export const readCreation = async (sides: Sides, table: SharedTable): Promise<CreationColumns> => {
  const possible = possibleCreation(sides, table)
  if (possible.shown.length === 0) return possible
  const { creation, restless } = await readHabits(sides, table)
  return { named: [], shown: creation, restless }
}

/** The same before the rows are asked: any of `shown` may turn out not to. */
export const possibleCreation = (sides: Sides, table: SharedTable): CreationColumns => {
  const named = namedCreationColumns(table)
  const shown = named.length === 0 && isSampled(table) ? candidates(sides, table) : []
  return { named, shown, restless: [] }
}

const sampleHabits = async (sides: Sides, table: SharedTable): Promise<ColumnHabits> => {
  if (!isSampled(table)) return unknown
  const columns = candidates(sides, table)
  const rows = await readSampled(sides, table, columns)
  const changes = await readChangedColumns(
    sides,
    table,
    rows.map(({ key }) => key),
  )
  const pairs = rows.filter(({ key }) => changes.has(key))
  const changed = new Map([...changes].filter(([, differing]) => differing.length > 0))
  const others = comparedColumns(table).filter((name) => !table.identity.includes(name))
  const { common, values, telling } = await readSpreads(sides, table, others)
  const isMost = (count: number): boolean => count >= often.rows && count * 2 >= pairs.length
  const isOften = (count: number): boolean => count >= often.rows && count >= pairs.length * often.share
  const restless = others.filter((name) => isOften(countChanges(editsOf(changed, telling), name)))
  // What changes in many rows makes another record of none.
  const steady = others.filter((name) => !restless.includes(name))
  const halves = halvesOf(changed, steady)
  const isKept = (name: string, place: number): boolean =>
    pairs.every(({ values: own }) => own[place] !== null) && countChanges(halves, name) === 0
  const isCreation = (name: string, place: number): boolean => {
    const values = new Set(pairs.map((row) => row.values[place]))
    const steps = rows.flatMap(({ falls }) => falls[place] ?? [])
    const falls = steps.filter((isFall) => isFall).length
    const isVarious = values.size >= fewestValues
    const rises = steps.length >= fewestPairs && falls <= steps.length * mostFalls
    return pairs.length >= fewestPairs && isVarious && isKept(name, place) && rises && steady.includes(name)
  }
  const creation = columns.filter(isCreation)
  // Of few rows it cannot be told; but a time is hardly anything else where nothing speaks against it.
  const isLikely = (name: string, place: number): boolean => {
    const isRising = rows.every(({ falls }) => falls[place] !== true)
    const isFew = pairs.length < fewestPairs
    return isFew && isInstant(columnOf(table.live, name)) && isRising && isKept(name, place)
  }
  const isSeconds = (name: string): boolean =>
    !isNumber(columnOf(table.live, name)) ||
    pairs.every(({ values }) => Number(values[columns.indexOf(name)]) >= leastInstant)
  return {
    creation,
    instants: creation.filter(isSeconds),
    likelyCreation: columns.filter((name, place) => !creation.includes(name) && isLikely(name, place)),
    restless,
    common,
    values,
    rewritten: others.filter((name) => isMost(countChanges(changed, name))),
    changed,
  }
}

type Changed = ReadonlyMap<string, readonly string[]>

const countChanges = (changed: Changed, name: string): number =>
  [...changed.values()].filter((differing) => differing.includes(name)).length

const among = (differing: readonly string[], columns: readonly string[]): number =>
  differing.filter((name) => columns.includes(name)).length

/** The rows that are the same record still: most columns that tell records apart are as they were. */
const editsOf = (changed: Changed, telling: readonly string[]): Changed =>
  new Map(
    [...changed].filter(
      ([, differing]) => among(differing, telling) * 2 <= telling.length && among(differing, telling) < telling.length,
    ),
  )

/** The rows that changed in at most half of the columns: whatever did not change says so, be it ever so little. */
const halvesOf = (changed: Changed, columns: readonly string[]): Changed =>
  new Map(
    [...changed].filter(([, differing]) => columns.length === 1 || among(differing, columns) * 2 <= columns.length),
  )

interface Spreads extends Pick<ColumnHabits, 'common' | 'values'> {
  /** Columns that are set in most rows, and of which few have the same value. */
  readonly telling: readonly string[]
}

const readSpreads = async (sides: Sides, table: SharedTable, columns: readonly string[]): Promise<Spreads> => {
  if (columns.length === 0) return { common: new Set(), values: new Map(), telling: [] }
  const { rows, spread } = await readSpread(sides, lastRows(table, columns), columns)
  const all = [...spread]
  const isCommon = ([name, { values, set }]: (typeof all)[number]): boolean =>
    (values < manyValues && values * 2 < set) || isStatus(columnOf(table.live, name))
  const common = new Set(all.filter(isCommon).map(([name]) => name))
  return {
    common,
    // Where there are few rows, and no two have the same, there may be many values.
    values: new Map(
      all.map(([name, { values, set }]) => [name, values === set ? Math.max(values, manyValues) : values]),
    ),
    telling: all.flatMap(([name, { set }]) => (!common.has(name) && set * 2 >= rows ? [name] : [])),
  }
}

/** The last rows of the backup by key. */
const lastRows = (table: SharedTable, columns: readonly string[]): Query => sql`(
      select ${list(columns.map((name) => column('t', name)))}
      from ${fromTable(table.backup)} as t
      order by ${list(table.identity.map((name) => sql`${column('t', name)} desc`))}
      limit ${sql.lit(sampled)})`
