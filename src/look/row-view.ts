/** Which rows of a list match a filter, and in which order: both servers are asked, each for the rows it holds. */
import { sql } from 'kysely'
import { columnOf, type Table, withoutEdits } from '../catalog/catalog.ts'
import { nearestName } from '../catalog/nearest-name.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { displayAlone } from '../database/display.ts'
import { all, any, column, list, type Query, serverText } from '../database/names.ts'
import type { Reader } from '../database/session/reader.ts'
import type { DiffState } from '../diff/diff-states.ts'
import { RowgraftError } from '../errors.ts'
import { packKey } from '../keys/key.ts'
import type { Sides } from '../rows/sides.ts'
import { batchSize, fromTable, inBatches, keyedRows, ordinal } from '../sql/rows.ts'
import { type Filter, type FilterTerm, parseFilter } from './filter.ts'
import type { RowList } from './row-list.ts'

export interface ViewSort {
  readonly column: string
  readonly descending: boolean
}

export interface ViewOptions {
  /** As people type it; see filter.ts. */
  readonly filter?: string
  readonly states?: readonly DiffState[]
  /** Null: the order of the list. */
  readonly sort?: ViewSort | null
}

/** Positions in a list, in the order of the view; rows that only live has come after the others. */
export interface RowView {
  readonly indexes: Uint32Array
  readonly length: number
}

const unknownColumn = (name: string, { id }: SharedTable, names: readonly string[]): RowgraftError => {
  const near = nearestName(
    name,
    names.map((own) => ({ id: own, name: own })),
  )
  return new RowgraftError('bad-where', `"${id}" has no column "${name}"`, {
    hint:
      near === undefined
        ? `Its columns are ${names.map(displayAlone).join(', ')}.`
        : `Did you mean ${displayAlone(near)}?`,
  })
}

/** The column meant by a name, in any case of letters where that tells it. Throws `bad-where`. */
const findColumn = (name: string, list_: RowList, table: SharedTable): string => {
  const names = list_.columns.map((own) => own.name)
  const [only, ...others] = names.includes(name)
    ? [name]
    : names.filter((own) => own.toLowerCase() === name.toLowerCase())
  if (only !== undefined && others.length === 0) return only
  throw unknownColumn(name, table, names)
}

const pattern = (value: string): string => `%${value.replace(/[\\%_]/g, '\\$&')}%`

const contains = (name: string, value: string): Query => sql`${column('t', name)}::text ilike ${pattern(value)}::text`

/** False where the side does not have the column: it has no value there that could match. */
const holds = ({ operator, value, column: name }: FilterTerm, side: Table): Query => {
  if (name === null) return any(side.columns.map((own) => contains(own.name, value)))
  const found = columnOf(side, name)
  if (found === undefined) return operator === 'is null' ? sql`true` : sql`false`
  const own = column('t', name)
  if (operator === 'is null') return sql`${own} is null`
  if (operator === 'is not null') return sql`${own} is not null`
  if (operator === '~') return contains(name, value)
  const operand = sql`${value}::text::${serverText(found.baseType)}`
  return sql`${own} ${serverText(operator)} ${operand}`
}

interface Asked {
  readonly table: SharedTable
  readonly side: Table
  readonly filter: Filter
  readonly sort: ViewSort | null
}

/** Positions among `keys` of the rows that match, in order. */
const askSide = async (
  reader: Reader,
  keys: readonly string[],
  { table, side, filter, sort }: Asked,
): Promise<readonly number[]> => {
  const conditions = filter.terms.map((term) => holds(term, side))
  const found: number[] = []
  // One question where the server puts them in order; else batch by batch, which asks less of its memory.
  const batches = sort === null ? [...inBatches(keys, batchSize * 10)] : [keys]
  let start = 0
  for (const batch of batches) {
    const direction = sort?.descending ? sql`desc nulls last` : sql`asc nulls last`
    const isThere = sort !== null && columnOf(side, sort.column) !== undefined
    const sorted = isThere ? [sql`${column('t', sort.column)} ${direction}`] : []
    const query = sql`
      select ${ordinal('k')}::text
      from ${keyedRows(side, table.identity, batch)}
      where ${conditions.length === 0 ? sql`true` : all(conditions)}
      order by ${list([...sorted, ordinal('k')])}`
    for await (const rows of reader.batches(query, batchSize)) {
      for (const [ord] of rows) found.push(start + Number(ord) - 1)
    }
    start += batch.length
  }
  return found
}

const isOfUser = (error: unknown): error is RowgraftError =>
  error instanceof RowgraftError && error.sqlstate !== undefined && !/^(08|53|57|58|XX)/.test(error.sqlstate)

const cannotEvaluate = (error: RowgraftError, text: string): RowgraftError =>
  new RowgraftError('bad-where', `the filter cannot be evaluated: ${error.message}`, {
    detail: text,
    hint: 'A value must be one of its column; write column ~ text to look into any of them.',
    sqlstate: error.sqlstate,
  })

/** Packed keys of the table for which the user's own SQL holds in the backup. */
const askUser = async (sides: Sides, table: SharedTable, where: string): Promise<ReadonlySet<string>> => {
  const names = table.identity.map((name) => sql`${column(table.name, name)}::text`)
  // A parameter keeps it to one statement, and the line feed ends a comment.
  const query = sql`
    select ${list(names)}
    from ${fromTable(withoutEdits(table.backup))} as ${sql.id(table.name)}
    where (${serverText(where)}
    ) and ${'one statement'}::text is not null`
  const keys = new Set<string>()
  await sides.withUserSearchPath(async () => {
    for await (const rows of sides.backup.batches(query, batchSize)) {
      for (const row of rows) keys.add(packKey(row))
    }
  })
  return keys
}

/**
 * The rows of a list that match, in order. A row is judged by what the backup holds of it, one that only live has by live. Throws
 * `bad-where` for a filter that names no column of the table, or a value that is none of its type.
 */
export const viewRows = async (
  sides: Sides,
  { table, rows }: { readonly table: SharedTable; readonly rows: RowList },
  { filter: text = '', states, sort = null }: ViewOptions,
): Promise<RowView> => {
  const parsed = parseFilter(text)
  const filter: Filter = {
    ...parsed,
    terms: parsed.terms.map((term) =>
      term.column === null ? term : { ...term, column: findColumn(term.column, rows, table) },
    ),
  }
  if (sort !== null) findColumn(sort.column, rows, table)
  const wanted = (state: DiffState): boolean =>
    (filter.states?.includes(state) ?? true) && (states?.includes(state) ?? true)
  const inBackup: number[] = []
  const inLive: number[] = []
  for (let index = 0; index < rows.length; index++) {
    const state = rows.stateAt(index)
    if (wanted(state)) (state === 'extra' ? inLive : inBackup).push(index)
  }
  try {
    if (filter.where !== null) {
      const matching = await askUser(sides, table, filter.where)
      const kept = inBackup.filter((index) => matching.has(packKey(rows.keyAt(index))))
      return toView(await ordered(sides.backup, { rows, indexes: kept }, { table, side: table.backup, filter, sort }))
    }
    if (filter.terms.length === 0 && sort === null) return toView([...inBackup, ...inLive])
    const here = await ordered(sides.backup, { rows, indexes: inBackup }, { table, side: table.backup, filter, sort })
    const there = await ordered(sides.live, { rows, indexes: inLive }, { table, side: table.live, filter, sort })
    return toView([...here, ...there])
  } catch (error) {
    throw isOfUser(error) ? cannotEvaluate(error, text) : error
  }
}

const ordered = async (
  reader: Reader,
  { rows, indexes }: { readonly rows: RowList; readonly indexes: readonly number[] },
  asked: Asked,
): Promise<readonly number[]> => {
  if (indexes.length === 0 || (asked.filter.terms.length === 0 && asked.sort === null)) return indexes
  const keys = indexes.map((index) => packKey(rows.keyAt(index)))
  return (await askSide(reader, keys, asked)).map((position) => indexes[position] ?? 0)
}

const toView = (indexes: readonly number[]): RowView => ({ indexes: Uint32Array.from(indexes), length: indexes.length })
