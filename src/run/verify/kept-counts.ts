/**
 * Numbers of live's own rows that the plan sets and triggers of the run change as well. What triggers alone would have made of a number
 * is known: what it was, and by how much they changed it, before and after it was set. Where live had moved away from the backup, and
 * triggers bring it back the same way, they count what live had discounted: what live has counted meanwhile is the difference that is
 * left, and is kept. Where they move it further away, nobody can tell what was counted twice.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { displayAlone, displayName, shellWord } from '../../database/display.ts'
import { any, column, identifier, list, literal, type Query, serverText } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { fromTable } from '../../sql/rows.ts'
import { finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { inRange, type Layout, ordinalOf, type StagedStep, type StagedTable } from '../stage/staged.ts'
import { plainColumns } from '../write/stamps.ts'
import { sameReference } from './same-values.ts'
import { mayBeChanged } from './xact-counts.ts'

const numbers: ReadonlySet<string | undefined> = new Set([
  ...['smallint', 'integer', 'bigint', 'numeric', 'money', 'real', 'double precision'],
])

const table = (kind: 'counts' | 'kept', { position }: StagedTable): Query =>
  sql.id('pg_temp', `rowgraft_${kind}${position}`)

/** Numbers that a step sets and that identify nothing. An undo knows what each was, and that live has counted nothing since. */
const numbersOf = (layout: Layout, staged: StagedTable, { step }: StagedStep): readonly string[] => {
  if (step.because === 'undo') return []
  const references = [...layout.relations.values()].filter(({ child }) => child === staged.table.id)
  const identifying = new Set([...references, ...staged.table.live.uniques].flatMap(({ columns }) => columns))
  return plainColumns(staged).filter(
    (name) =>
      step.columns.includes(name) && numbers.has(columnOf(staged.table.live, name)?.baseType) && !identifying.has(name),
  )
}

const updates = ({ steps }: StagedTable): readonly StagedStep[] => steps.filter(({ step }) => step.action === 'update')

/** Numbers of a table that update steps set, by their place in its notes; none where no trigger fires. */
const counters = (layout: Layout, staged: StagedTable): readonly string[] =>
  layout.triggers.length === 0 ? [] : [...new Set(updates(staged).flatMap((part) => numbersOf(layout, staged, part)))]

/** Notes, before numbers are set, what triggers have made of them until then. */
export const noteCounts = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<void> => {
  const names = counters(layout, staged)
  if (names.length === 0) return
  await writer.execute(sql`
    create temporary table ${table('counts', staged)} on commit drop as
    select ${list([ordinalOf('s'), ...names.map((name, p) => sql`${column('t', name)}::numeric as ${identifier(`c${p}`)}`)])}
    from ${staged.stage} as s ${liveIdentity(layout, staged).joins}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${any(updates(staged).map(({ range }) => inRange('s', range)))} and ${mayBeChanged(staged)}`)
}

/** How one number moved: what it was, what triggers alone make of it, and what it is to be. */
const movesOf = (layout: Layout, staged: StagedTable, name: string) => {
  const place = counters(layout, staged).indexOf(name)
  const [was, now] = [sql`${column('b', name)}::numeric`, sql`${column('t', name)}::numeric`]
  const intended = sql`(${finalValues(layout, staged, { withOwnMap: false }).liveValue(name)})::numeric`
  const then = sql`coalesce(${column('c', `c${place}`)}, ${was})`
  const made = sql`(${then} + ${now} - ${intended})`
  const differs = sql`(${made} <> ${was} and ${made} <> ${intended})`
  const returns = sql`(pg_catalog.sign(${intended} - ${was}) = pg_catalog.sign(${made} - ${was}))`
  return { was, made, intended, differs, returns }
}

/**
 * Decides, once every row is written and inserted ones are set back, which numbers keep what triggers made of them. Throws
 * `verification-failed` for those of which nobody can tell, unless they are accepted.
 */
export const keepCounts = async (
  writer: Writer,
  layout: Layout,
  { staged, accepted }: { readonly staged: StagedTable; readonly accepted: ReadonlySet<string> },
): Promise<void> => {
  const names = counters(layout, staged)
  if (names.length === 0) return
  const { live, id, identity } = staged.table
  const rowsOf = (part: StagedStep): Query => sql`
    from ${staged.stage} as s ${liveIdentity(layout, staged).joins} ${finalValues(layout, staged, { withOwnMap: false }).joins}
    join ${fromTable(live)} as t on ${onLiveIdentity(layout, staged, 't')}
    join ${staged.before} as b on ${ordinalOf('b')} = ${ordinalOf('s')}
    left join ${table('counts', staged)} as c on ${ordinalOf('c')} = ${ordinalOf('s')}
    where ${inRange('s', part.range)} and ${mayBeChanged(staged)}`
  for (const part of updates(staged)) {
    for (const name of numbersOf(layout, staged, part)) {
      if (accepted.has(`${id}.${name}`)) continue
      const { was, made, intended, differs, returns } = movesOf(layout, staged, name)
      const told = [was, made, intended].map((value) => sql`(${value})::text`)
      const key = identity.map((own) => sql`${column('t', own)}::text`)
      await writer.check({
        query: sql`select ${list([...told, ...key])} ${rowsOf(part)} and ${differs} and not ${returns}`,
        expect: { none: told.length + key.length },
        code: 'verification-failed',
        message: ({ count }) =>
          `triggers changed ${displayAlone(name)} of ${count === '1' ? 'a row' : `${count} rows`} of "${id}" that the plan sets`,
        detail: 'What is counted twice then, and what live has counted since the backup, cannot be told apart.',
        nameRow: ([from, to, set, ...rest]) =>
          `${id} ${displayKey(packKey(rest))}: was ${from}, by triggers ${to}, in the backup ${set}`,
        advice: `Keep what triggers make of it with --accept-trigger ${shellWord(`${id}.${displayName(name)}`)}, set it to what the backup has with --triggers off, or leave the rows out.`,
      })
    }
  }
  const parts = updates(staged).map((part) => {
    const own = numbersOf(layout, staged, part)
    const values = names.map((name) => {
      if (!own.includes(name)) return sql`null::numeric`
      const { made, differs, returns } = movesOf(layout, staged, name)
      return sql`case when ${differs} and (${literal(String(accepted.has(`${id}.${name}`)))}::boolean or ${returns}) then ${made} end`
    })
    return sql`select ${list([ordinalOf('s'), ...values.map((value, p) => sql`${value} as ${identifier(`c${p}`)}`)])} ${rowsOf(part)}`
  })
  await writer.execute(sql`
    create temporary table ${table('kept', staged)} on commit drop as
    ${list(parts, ' union all ')}`)
}

/** The join of an updated row `s` to the numbers that it keeps, where there may be some. */
export const joinKept = (layout: Layout, staged: StagedTable): Query =>
  counters(layout, staged).length === 0
    ? sql``
    : sql`left join ${table('kept', staged)} as n on ${ordinalOf('n')} = ${ordinalOf('s')}`

/** What an updated row keeps in a column: an expression that is NULL where it keeps nothing; null for columns that never do. */
export const keptValue = (layout: Layout, staged: StagedTable, name: string): Query | null => {
  const place = counters(layout, staged).indexOf(name)
  const type = columnOf(staged.table.live, name)?.baseType ?? ''
  return place < 0 ? null : sql`(${column('n', `c${place}`)}::${serverText(type)})`
}

/** True where an updated row holds what it is to hold in a column: what it keeps, else what was written. */
export const isIntended = (layout: Layout, staged: StagedTable, name: string): Query => {
  const [kept, isWritten] = [keptValue(layout, staged, name), sameReference(layout, staged, name)]
  if (kept === null) return isWritten
  return sql`case when ${kept} is null then ${isWritten} else ${column('t', name)} is not distinct from ${kept} end`
}

/** How many rows keep a number, per column. */
export const countKept = async (
  writer: Writer,
  layout: Layout,
  staged: StagedTable,
): Promise<readonly { readonly table: string; readonly column: string; readonly rows: number }[]> => {
  const names = counters(layout, staged)
  if (names.length === 0) return []
  const counts = names.map((_, p) => sql`pg_catalog.count(${identifier(`c${p}`)})::text`)
  const [row] = await writer.observe(sql`select ${list(counts)} from ${table('kept', staged)}`)
  return names
    .map((name, p) => ({ table: staged.table.id, column: name, rows: Number(row?.[p] ?? 0) }))
    .filter(({ rows }) => rows > 0)
}
