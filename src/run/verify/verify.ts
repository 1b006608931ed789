/**
 * Verifies inside the transaction, with other SQL than wrote: live's rows are found under the keys they were given and compared with the
 * raw stage, image by image. Inserted rows equal the source in every stored column; updated rows equal the intention in the columns set and their
 * before-image in all others. What a trigger changed is found here: on inserted rows it stops the run unless accepted.
 *
 * In come the stage and live as it is after the last write; out go the differences that are accepted, or `verification-failed`.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { isRounding } from '../../catalog/spelling.ts'
import { displayAlone, displayName, shellWord } from '../../database/display.ts'
import { all, column, list, type Query } from '../../database/names.ts'
import type { Check } from '../../database/session/check.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import type { Step } from '../../plan/step.ts'
import { storedColumns } from '../../sql/images.ts'
import { fromTable } from '../../sql/rows.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import type { Report, RunProgress } from '../run.ts'
import { reportedColumns } from '../stage/columns.ts'
import { inRange, inserted, type Layout, ordinalColumn, type StagedTable } from '../stage/staged.ts'
import { suspects } from '../write/refused-rows.ts'
import { isChangedSince, joinStamps } from '../write/stamps.ts'
import { isIntended, joinKept } from './kept-counts.ts'
import { mapsOf, sameImage, sameRow, sameValue } from './same-values.ts'

type Changes = Report['triggerChanges']

export interface Verified {
  readonly triggerChanges: Changes
  readonly generatedDifferences: Changes
}

/**
 * Whoever reads all inserted rows of a table anyway, and tells whether every one of them is there and, by the condition given, the same:
 * then nobody need read them again. What is not so is looked into by queries of its own.
 */
export type Witness = (staged: StagedTable, same: Query, onRows: (rows: number) => void) => Promise<boolean>

interface Comparison {
  /** Columns `table.column` that triggers may change. */
  readonly accepted: ReadonlySet<string>
  readonly witness: Witness | null
  readonly onProgress: RunProgress
}

/** Verifies everything that was inserted or updated. Throws `verification-failed` naming columns and rows. */
export const verifyRows = async (writer: Writer, layout: Layout, comparison: Comparison): Promise<Verified> => {
  const triggerChanges: Changes[number][] = []
  const generatedDifferences: Changes[number][] = []
  for (const staged of layout.tables.values()) {
    triggerChanges.push(...(await verifyInserted(writer, layout, { staged, ...comparison })))
    triggerChanges.push(...(await verifyUpdated(writer, layout, { staged, ...comparison })))
    generatedDifferences.push(...(await compareGenerated(writer, layout, staged)))
  }
  return { triggerChanges, generatedDifferences }
}

const verifyInserted = async (
  writer: Writer,
  layout: Layout,
  { staged, accepted, witness, onProgress }: Comparison & { readonly staged: StagedTable },
): Promise<Changes> => {
  const range = inserted(staged)
  if (range.last === 0) return []
  const { table } = staged
  const names = table.columns.map(({ name }) => name)
  const isAccepted = (name: string): boolean => accepted.has(`${table.id}.${name}`)
  const live = liveIdentity(layout, staged)
  const found = sql`
    from ${staged.stage} as s ${live.joins} ${mapsOf(layout, staged)} ${joinStamps(layout, staged)}
    join ${fromTable(table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', range)}`
  const compared = names.filter((name) => !isAccepted(name))
  const same = sameRow(layout, staged, compared)
  const onRows = (done: number): void => onProgress({ stage: 'verify', table: table.id, done, total: range.last })
  onRows(0)
  const isWitnessed = witness !== null && (await witness(staged, same, onRows))
  const check: Check = {
    query: sql`select pg_catalog.count(*)::text, pg_catalog.count(*) filter (where ${same})::text ${found}`,
    expect: { row: [String(range.last), String(range.last)] },
    code: 'verification-failed',
    message: ({ row: [present, equal] }) =>
      `of ${range.last} inserted rows of "${table.id}" ${present} are in live, ${equal} of them as in the backup`,
    detail: `Compared columns: ${compared.map(displayAlone).join(', ')}.`,
    advice:
      'A trigger changed, moved or removed them: run the plan with rowgraft, which says in which columns, or make it with --triggers off.',
    explain: ({ row: [present, equal] }) =>
      mismatch(writer, layout, { staged, found, names: compared, present: Number(present), equal: Number(equal) }),
  }
  if (!isWitnessed) {
    await writer.check(check)
    if (witness !== null) throw new Error(`rows of ${table.id} are verified, and yet were seen to differ`)
  }
  const changed = await countDifferences(
    writer,
    names.filter(isAccepted).map((name) => [name, sameValue(layout, staged, name)]),
    found,
  )
  onRows(range.last)
  return changed.map((change) => ({ table: table.id, ...change }))
}

/** How many rows differ per column; columns without a difference are left out. */
const countDifferences = async (
  writer: Writer,
  columns: readonly (readonly [string, Query])[],
  found: Query,
): Promise<readonly { readonly column: string; readonly rows: number }[]> => {
  if (columns.length === 0) return []
  const counts = columns.map(([, same]) => sql`pg_catalog.count(*) filter (where not ${same})::text`)
  const [row] = await writer.observe(sql`select ${list(counts)} ${found}`)
  return columns
    .map(([name], position) => ({ column: name, rows: Number(row?.[position] ?? 0) }))
    .filter(({ rows }) => rows > 0)
}

interface Mismatch {
  readonly staged: StagedTable
  /** FROM and WHERE of staged rows `s` with those of live, `t`. */
  readonly found: Query
  readonly names: readonly string[]
  readonly present: number
  readonly equal: number
}

const mismatch = async (writer: Writer, layout: Layout, { staged, ...facts }: Mismatch): Promise<RowgraftError> => {
  const { table } = staged
  const { last } = inserted(staged)
  if (facts.present !== last) {
    return new RowgraftError(
      'verification-failed',
      `${last - facts.present} of ${last} rows of "${table.id}" are not in live`,
      {
        detail: 'They were inserted, and are not found under the key they were given: a trigger moved or removed them.',
        advice: '',
      },
    )
  }
  const columns = facts.names.map((name) => [name, sameValue(layout, staged, name)] as const)
  const differing = await countDifferences(writer, columns, facts.found)
  const [example] = await writer.rows(sql`
    select ${list(table.identity.map((name) => sql`${column('t', name)}::text`))}
    ${facts.found} and not ${all(columns.map(([, same]) => same))}
    order by ${column('s', ordinalColumn)}
    limit 1`)
  const key = displayKey(packKey(example ?? []))
  const again = await countDifferences(
    writer,
    differing.map(({ column: name }) => [name, sql`not ${isChangedSince(layout, staged, name)}`] as const),
    facts.found,
  )
  const isCountedTwice = (name: string): boolean => again.some((found) => found.column === name)
  const safe = differing.filter(({ column: name }) => !isCountedTwice(name))
  const accept = `--accept-trigger ${shellWord(safe.map(({ column: name }) => `${table.id}.${displayName(name)}`).join(','))}`
  const triggers = suspects(layout, staged, 'insert')
  const why = triggers === '' ? "live's column type changed it" : `a trigger changed it (${triggers})`
  const count = last - facts.equal
  const what = `${count} of ${last} inserted rows of "${table.id}" ${count === 1 ? 'differs' : 'differ'} from the backup`
  const where = differing.map(({ column: name }) => displayAlone(name)).join(', ')
  return new RowgraftError('verification-failed', `${what} in ${where}, for example row ${key}`, {
    detail: [
      ...[...again].map(({ column: name }) => `${name}: changed as the row came in, and again by other rows`),
      ...(differing.length > 1 ? differing.map((change) => `${change.column}: ${change.rows} of ${last} rows`) : []),
      `most likely ${why}`,
    ].join('\n'),
    advice:
      triggers === ''
        ? adviseType(table, differing)
        : safe.length < differing.length
          ? 'Switch triggers off with --triggers off, or leave the rows out.'
          : `Accept what the trigger writes with ${accept}, or switch triggers off with --triggers off.`,
  })
}

/** What helps where live's type changes values. */
const adviseType = ({ id, live }: StagedTable['table'], differing: readonly { readonly column: string }[]): string => {
  const isRounded = differing.every(({ column: name }) => isRounding(columnOf(live, name)))
  const names = differing.map(({ column: name }) => `${id}.${displayName(name)}`).join(',')
  return isRounded
    ? `Widen the column, accept rounded values with --accept-rounding ${shellWord(names)}, or leave the rows out.`
    : 'Widen the column, or leave the rows out.'
}

const verifyUpdated = async (
  writer: Writer,
  layout: Layout,
  { staged, accepted, onProgress }: Omit<Comparison, 'witness'> & { readonly staged: StagedTable },
): Promise<Changes> => {
  const { table } = staged
  const changes: Changes[number][] = []
  const live = liveIdentity(layout, staged)
  const isAccepted = (name: string): boolean => accepted.has(`${table.id}.${name}`)
  for (const { step, range } of staged.steps.filter(({ step: { action } }) => action === 'update')) {
    onProgress({ stage: 'verify', table: table.id, total: step.rows })
    const found = sql`
      from ${staged.stage} as s ${live.joins} ${mapsOf(layout, staged)} ${joinKept(layout, staged)}
      join ${fromTable(table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
      join ${staged.before} as b on ${column('b', ordinalColumn)} = ${column('s', ordinalColumn)}
      where ${inRange('s', range)}`
    const compared = step.columns.filter((name) => !isAccepted(name))
    const intentions = (names: readonly string[]) =>
      names.map((name) => [name, isIntended(layout, staged, name)] as const)
    await writer.check({
      query: sql`
        select pg_catalog.count(*) filter (where ${all(intentions(compared).map(([, same]) => same))})::text ${found}`,
      expect: { row: [String(step.rows)] },
      code: 'verification-failed',
      message: ({ count }) => `${count} of ${step.rows} updated rows of "${table.id}" hold what was written`,
      detail: `Compared columns: ${compared.map(displayAlone).join(', ')}.`,
      advice:
        'A trigger rewrites them: run the plan with rowgraft, which says in which columns, or make it with --triggers off.',
      explain: async ({ row: [equal] }) => {
        const differing = await countDifferences(writer, intentions(compared), found)
        return rewritten(layout, staged, { step, equal: Number(equal), differing })
      },
    })
    const others = storedColumns(table.live).filter((name) => !step.columns.includes(name))
    const touched = await countDifferences(
      writer,
      [
        ...intentions(step.columns.filter(isAccepted)),
        // An undo gives back all that was in the row; a run leaves the rest of it alone.
        ...others.map((name) => [name, sameImage(staged, name, step.because === 'undo' ? 's' : 'b')] as const),
      ],
      found,
    )
    changes.push(...touched.map((change) => ({ table: table.id, ...change })))
  }
  return changes
}

/** Rows that were updated do not hold what was written. */
const rewritten = (
  layout: Layout,
  staged: StagedTable,
  {
    step,
    equal,
    differing,
  }: {
    readonly step: Step
    readonly equal: number
    readonly differing: readonly { readonly column: string; readonly rows: number }[]
  },
): RowgraftError => {
  const { table } = staged
  const triggers = suspects(layout, staged, 'update')
  const names = differing.map(({ column: name }) => name)
  const accept = `--accept-trigger ${shellWord(names.map((name) => `${table.id}.${displayName(name)}`).join(','))}`
  const where = names.map(displayAlone).join(', ')
  return new RowgraftError(
    'verification-failed',
    `${equal} of ${step.rows} updated rows of "${table.id}" hold what was written: others differ in ${where}`,
    {
      detail:
        triggers === ''
          ? "most likely live's column type changed it"
          : `most likely a trigger changed it (${triggers})`,
      advice:
        triggers === ''
          ? 'Leave the columns out.'
          : step.because === 'undo'
            ? 'Switch triggers off with --triggers off.'
            : `Accept what the trigger writes with ${accept}, or switch triggers off with --triggers off.`,
    },
  )
}

const compareGenerated = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<Changes> => {
  const names = reportedColumns(staged.table)
  const range = inserted(staged)
  if (names.length === 0 || range.last === 0) return []
  const live = liveIdentity(layout, staged)
  const found = sql`
    from ${staged.stage} as s ${live.joins}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', range)}`
  const changed = await countDifferences(
    writer,
    names.map((name) => [name, sql`(${column('t', name)}::text is not distinct from ${column('s', name)})`]),
    found,
  )
  return changed.map((change) => ({ table: staged.table.id, ...change }))
}
