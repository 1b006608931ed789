/**
 * Transforms of the config file: a function of the user's changes a row between backup and live. What it may change is narrow: keys and
 * references stay, for what comes along was decided by them; everything else is text, as the server prints it. Pure.
 *
 * In come rows of the backup, out go rows as they are written.
 */
import type { Table } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { tableNamed } from '../catalog/table-name.ts'
import type { RowValues, Transform } from '../config/config.ts'
import { displayAlone } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import { displayKey, unpackKey } from '../keys/key.ts'

/** A transform bound to its table. */
export interface TableTransform {
  readonly table: SharedTable
  /** Columns that must stay: keys and references. */
  readonly fixed: ReadonlySet<string>
  readonly change: Transform
}

export type Transforms = ReadonlyMap<string, TableTransform>

/** The ids of the tables that have a transform. Throws `unknown-table`. */
export const transformedTables = (
  live: readonly Table[],
  given: Readonly<Record<string, Transform>>,
): ReadonlyMap<string, Transform> =>
  new Map(
    Object.entries(given).map(([typed, change]) => {
      const table = tableNamed(live, typed)
      if (table !== undefined) return [table.id, change]
      throw new RowgraftError('unknown-table', `the config file transforms "${typed}", which live does not have`, {
        hint: 'Correct "transforms" in the config file: tables of live.',
      })
    }),
  )

/** The transforms of the tables that both sides have. */
export const bindTransforms = (catalog: SharedCatalog, given: Readonly<Record<string, Transform>>): Transforms => {
  const bound = new Map<string, TableTransform>()
  for (const [id, change] of transformedTables(catalog.live.tables, given)) {
    const table = catalog.tables.get(id)
    if (table === undefined) continue
    const references = catalog.relations.flatMap(({ child, columns, parent, parentColumns }) => [
      ...(child === id ? columns : []),
      ...(parent === id ? parentColumns : []),
    ])
    bound.set(id, { table, fixed: new Set([...table.identity, ...table.primaryKey, ...references]), change })
  }
  return bound
}

const namedKey = ({ identity }: SharedTable, key: string): RowValues =>
  Object.fromEntries(unpackKey(key).map((value, position) => [identity[position] ?? '', value]))

const isRow = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && value.isWellFormed() && !value.includes('\0'))

const correct = 'Correct it in the config file: it gives every column as text or null, or null for the whole row.'

/** What a transform makes of a row. */
export interface Made {
  /** What live stores; null for a row that is left out. */
  readonly values: RowValues | null
  /** Columns that live does not store and that the transform did not take out of the row. */
  readonly left: readonly string[]
}

/** What the transform makes of a row: the values live stores, or null. Throws `not-restorable` for what it may not do. */
export const transformRow = async (
  { table, fixed, change }: TableTransform,
  key: string,
  row: RowValues,
): Promise<Made> => {
  const refuse = (what: string, hint = correct, cause?: unknown): RowgraftError =>
    new RowgraftError('not-restorable', `the transform of "${table.id}" ${what}`, {
      detail: `It was given row ${displayKey(key)}.`,
      hint,
      cause,
    })
  let made: unknown
  try {
    made = await change({ ...row }, { table: table.id, key: namedKey(table, key) })
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    throw refuse(`fails: ${words}`, 'Correct it in the config file.', error)
  }
  if (made === null) return { values: null, left: [] }
  if (!isRow(made)) throw refuse('gives no row')
  const stored = new Set(table.columns.map(({ name }) => name))
  for (const [name, value] of Object.entries(made)) {
    const column = displayAlone(name)
    if (!isText(value)) throw refuse(`gives ${column} a value that is no text`)
    if (fixed.has(name) && value !== row[name]) {
      throw refuse(
        `changes ${column}, by which rows are recognised or refer to each other`,
        'Leave it as it is; --set writes references of a whole table.',
      )
    }
    if (stored.has(name)) continue
    const other = columnOf(table.live, name)
    if (other !== undefined && other.generated === null && !(name in row)) {
      const flag = `--set ${table.id}.${column}=<value>`
      throw refuse(
        `gives ${column}, which live fills with its default`,
        `Give it a value with ${flag}: the transform may change that.`,
      )
    }
    if (!(name in row)) throw refuse(`gives ${column}, which live does not have`)
    if (value !== row[name]) throw refuse(`changes ${column}, which live does not store`)
  }
  const values: Record<string, string | null> = {}
  for (const { name, live } of table.columns) {
    const value = made[name]
    if (!isText(value)) throw refuse(`gives no ${displayAlone(name)}`)
    if (value === null && live.notNull && row[name] === null) {
      throw refuse(`leaves ${displayAlone(name)} empty, which live has NOT NULL`)
    }
    values[name] = value
  }
  const left = Object.keys(made).filter((name) => !stored.has(name) && made[name] !== null)
  return { values, left }
}
