/**
 * Triggers of this very run may change rows that it has written: a counter comes back with what it had counted, and then the rows that
 * come back with it are counted again. Once everything is written, such rows are set back to what they are to be, by an UPDATE of exactly
 * the columns that differ; it fires triggers in its turn, so that totals of totals follow, round by round. Inserted rows are nobody
 * else's until the run commits, and updated ones are locked. Afterwards all of them are verified.
 */
import { sql } from 'kysely'
import { columnOf, type Table } from '../../catalog/catalog.ts'
import type { Amendment } from '../../database/amendment.ts'
import { all, column, identifier, list, type Query, serverText } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { storedColumns } from '../../sql/images.ts'
import { fromTable } from '../../sql/rows.ts'
import { assignedValue, finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import type { Report } from '../run.ts'
import { inRange, inserted, type Layout, type OrdinalRange, type StagedTable } from '../stage/staged.ts'
import { isStampedIn, joinStamps, plainColumns } from '../write/stamps.ts'
import { countKept, isIntended, joinKept, keepCounts, keptValue } from './kept-counts.ts'
import { sameValue } from './same-values.ts'
import { mayBeChanged } from './xact-counts.ts'

/** Rows of a table that are set back, and columns of them. */
interface Candidates {
  readonly staged: StagedTable
  readonly range: OrdinalRange
  readonly names: readonly string[]
  readonly joins: Query
  /** The row is to be set back in a column. */
  readonly differs: (name: string) => Query
  readonly value: (name: string) => Query
}

const columnType = (table: Table, name: string): Query => serverText(columnOf(table, name)?.type ?? 'text')

const amendmentOf = (layout: Layout, { staged, range, names, joins, differs, value }: Candidates): Amendment => {
  const { live, identity } = staged.table
  const own = liveIdentity(layout, staged)
  const from = sql`
    from ${staged.stage} as s ${joins}
    join ${fromTable(live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', range)} and ${mayBeChanged(staged)}`
  const selected = [
    ...identity.map((name, p) => sql`${own.of(name)} as ${identifier(`k${p}`)}`),
    ...names.flatMap((name, p) => [
      sql`${differs(name)} as ${identifier(`d${p}`)}`,
      sql`${value(name)} as ${identifier(`v${p}`)}`,
    ]),
  ]
  return {
    from,
    parts: names.map((name, p) => {
      const [isWrong, right] = [column('new', `d${p}`), column('new', `v${p}`)]
      return {
        count: sql`pg_catalog.count(*) filter (where ${differs(name)})`,
        set: sql`${identifier(name)} = case when ${isWrong} then ${right} else ${column('t', name)} end`,
        where: isWrong,
        held: sql`(${isWrong} and row(${column('t', name)})::record operator(pg_catalog.*=) row(${right}::${columnType(live, name)})::record)`,
      }
    }),
    update: ({ set, where, held }) => sql`
      update ${fromTable(live)} as t
      set ${set}
      from (
        select ${list(selected)} ${from}
      ) as new
      where ${all([...identity.map((name, p) => sql`${column('t', name)} = ${column('new', `k${p}`)}`), where])}
      returning ${held}`,
  }
}

/** Inserted rows: what their own triggers made of them as they came in is left for somebody to accept. */
const insertedRows = (layout: Layout, staged: StagedTable): readonly Candidates[] => {
  const range = inserted(staged)
  if (range.last === 0) return []
  const final = finalValues(layout, staged, { withOwnMap: true })
  return [
    {
      staged,
      range,
      names: plainColumns(staged),
      joins: sql`${final.joins} ${joinStamps(layout, staged)}`,
      differs: (name) => sql`(not ${sameValue(layout, staged, name)} and not ${isStampedIn(layout, staged, name)})`,
      value: (name) => assignedValue(staged, name, final.liveValue(name)),
    },
  ]
}

/** Updated rows; an undo knows all that was in them, and that nobody has touched them since. */
const updatedRows = (layout: Layout, staged: StagedTable): readonly Candidates[] => {
  const final = finalValues(layout, staged, { withOwnMap: false })
  const plain = plainColumns(staged)
  const stored = storedColumns(staged.table.live)
  return staged.steps
    .filter(({ step }) => step.action === 'update')
    .map(({ step, range }) => {
      const written = step.because === 'undo' ? stored : step.columns
      return {
        staged,
        range,
        names: plain.filter((name) => written.includes(name)),
        joins: sql`${liveIdentity(layout, staged).joins} ${final.joins} ${joinKept(layout, staged)}`,
        differs: (name) => sql`(not ${isIntended(layout, staged, name)})`,
        value: (name) => {
          const kept = keptValue(layout, staged, name)
          const value = assignedValue(staged, name, final.liveValue(name))
          return kept === null ? value : sql`coalesce(${kept}, ${value})`
        },
      }
    })
}

type Changes = Report['setBack']

/** What was found, by table and column. */
const addUp = (candidates: readonly Candidates[], found: readonly (readonly number[])[]): Changes =>
  candidates.flatMap(({ staged, names }, index) =>
    names.flatMap((name, p) => {
      const rows = found[index]?.[p] ?? 0
      return rows === 0 ? [] : [{ table: staged.table.id, column: name, rows }]
    }),
  )

/** One line per column; `kept` are rows that were not set back, but to what they keep. */
const merge = (changes: Changes, kept: Changes): Changes =>
  [...Map.groupBy(changes, ({ table, column: name }) => `${table}.${name}`).values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const own = kept.find(({ table, column: name }) => table === first.table && name === first.column)
    const rows = others.reduce((sum, other) => sum + other.rows, first.rows) - (own?.rows ?? 0)
    return rows > 0 ? [{ ...first, rows }] : []
  })

const amend = async (
  writer: Writer,
  layout: Layout,
  candidates: readonly Candidates[],
): Promise<readonly (readonly number[])[]> => {
  try {
    return await writer.amend(candidates.map((each) => amendmentOf(layout, each)))
  } catch (error) {
    if (!(error instanceof RowgraftError) || error.code !== 'server-error') throw error
    const isForbidden = error.sqlstate === '42501'
    throw new RowgraftError(error.code, `rows that triggers changed cannot be set back: ${error.message}`, {
      detail: error.detail,
      advice: isForbidden
        ? 'Have UPDATE granted on the table, or switch triggers off with --triggers off.'
        : 'Switch triggers off with --triggers off, or leave the rows out.',
      sqlstate: error.sqlstate,
      cause: error.cause,
    })
  }
}

/** Sets back what triggers changed of the rows that were written. Throws `verification-failed` for numbers nobody can tell. */
export const setBack = async (
  writer: Writer,
  layout: Layout,
  accepted: ReadonlySet<string>,
): Promise<Pick<Report, 'setBack' | 'kept'>> => {
  const tables = [...layout.tables.values()]
  const insertedOnes = tables.flatMap((staged) => insertedRows(layout, staged))
  const first = await amend(writer, layout, insertedOnes)
  // Only now do totals of what was inserted add to live's own numbers what they should.
  for (const staged of tables) await keepCounts(writer, layout, { staged, accepted })
  const all = [...tables.flatMap((staged) => updatedRows(layout, staged)), ...insertedOnes]
  const second = all.length === insertedOnes.length ? [] : await amend(writer, layout, all)
  const kept: Changes[number][] = []
  for (const staged of tables) kept.push(...(await countKept(writer, layout, staged)))
  return { setBack: merge([...addUp(insertedOnes, first), ...addUp(all, second)], kept), kept }
}
