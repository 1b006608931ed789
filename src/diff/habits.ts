/**
 * How the columns of a table behave, read from a sample of rows that both sides have, the last of the backup by key.
 *
 * A column says when a record was made if it rises with the key and never changes in rows that stay the same record: whatever it is
 * called, and whether it is a time or a number. A column that changes in many such rows says little about which record a row is.
 */
import { sql } from 'kysely'
import { columnOf } from '../catalog/catalog.ts'
import { asText, fromTable, packKey } from '../catalog/row.ts'
import { hasSurrogate, type SharedTable } from '../catalog/shared.ts'
import { isGiven } from '../catalog/source.ts'
import { column, list } from '../database/names.ts'
import { readChangedColumns } from './changed-columns.ts'
import { type CreationColumns, comparedColumns, namedCreationColumns } from './records.ts'
import type { Sides } from './sides.ts'

export interface ColumnHabits {
  /** Columns whose values rise with the key and do not change: they say when a record was made. */
  readonly creation: readonly string[]
  /** Columns that often change in rows that stay the same record. */
  readonly restless: readonly string[]
}

const sampled = 500

/** Fewer pairs of rows prove nothing. */
const fewestPairs = 8

/** A column that holds fewer values in the sample does not tell its rows apart. */
const fewestValues = 5

/** Of the steps from one key to the next, how many may go down: transactions do not end in the order in which they took their keys. */
const mostFalls = 0.05

/** A column often changes if it does in this share of the sample, and in so many rows. */
const often = { share: 0.1, rows: 3 }

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
    from (
      select ${list(own.map((name) => column('t', name)))}
      from ${fromTable(table.backup)} as t
      order by ${list(table.identity.map((name) => sql`${column('t', name)} desc`))}
      limit ${sql.lit(sampled)}) as s
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
  if (!isSampled(table)) return { creation: [], restless: [] }
  const columns = candidates(sides, table)
  const rows = await readSampled(sides, table, columns)
  const changes = await readChangedColumns(
    sides,
    table,
    rows.map(({ key }) => key),
  )
  const pairs = rows.filter(({ key }) => changes.has(key))
  const changed = pairs.map(({ key }) => changes.get(key) ?? [])
  const others = comparedColumns(table).filter((name) => !table.identity.includes(name))
  const isOften = (count: number): boolean => count >= often.rows && count >= pairs.length * often.share
  const restless = others.filter((name) => isOften(countEdits(changed, others, name)))
  // What changes in many rows makes another record of none.
  const steady = others.filter((name) => !restless.includes(name))
  const isCreation = (name: string, place: number): boolean => {
    const values = new Set(pairs.map((row) => row.values[place]))
    const steps = rows.flatMap(({ falls }) => falls[place] ?? [])
    const falls = steps.filter((isFall) => isFall).length
    const isKept = values.size >= fewestValues && !values.has(null) && countEdits(changed, steady, name) === 0
    const rises = steps.length >= fewestPairs && falls <= steps.length * mostFalls
    return pairs.length >= fewestPairs && isKept && rises && steady.includes(name)
  }
  return { creation: columns.filter(isCreation), restless }
}

/** How many rows changed in a column and in at most half of all: those are the same record still. */
const countEdits = (rows: readonly (readonly string[])[], columns: readonly string[], name: string): number =>
  rows.filter((changed) => {
    const count = changed.filter((other) => columns.includes(other)).length
    return changed.includes(name) && (columns.length === 1 || count * 2 <= columns.length)
  }).length
