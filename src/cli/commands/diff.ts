import { diffStates } from '../../data.ts'
import { rowCsvCells, rowCsvHead } from '../../format/csv.ts'
import { jsonRow, jsonRowLine, jsonTableDiff } from '../../format/json.ts'
import { formatDiff, formatNotCompared, formatRow } from '../../format/look/diff.ts'
import { formatTable } from '../../format/names.ts'
import { wordRefusal } from '../../format/reasons/refusal.ts'
import { formatJson } from '../../format/sanitise.ts'
import type { DiffState, Rowgraft, RowReport, TableDiff } from '../../index.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

export interface DiffFlags extends ConnectionFlags {
  readonly rows?: boolean
  readonly missing?: boolean
  readonly changed?: boolean
  readonly extra?: boolean
  readonly jobs?: number
}

const statesOf = (flags: DiffFlags): readonly DiffState[] => {
  const narrowed = (['missing', 'changed', 'extra'] as const).filter((state) => flags[state] === true)
  return narrowed.length > 0 ? narrowed : diffStates
}

/** What is asked: which states, and whether their rows are wanted. */
interface Question {
  readonly context: Context
  readonly rowgraft: Rowgraft
  readonly tables: readonly string[]
  readonly states: readonly DiffState[]
  readonly wantsRows: boolean
}

interface NotCompared {
  readonly table: string
  readonly why: string
}

const isDifferent = (table: TableDiff, states: readonly DiffState[]): boolean =>
  states.some((state) => table[state] > 0)

async function* rowsOf({ context, rowgraft, states }: Question, table: TableDiff): AsyncGenerator<RowReport> {
  if (!isDifferent(table, states)) return
  for await (const row of rowgraft.rows({ tables: [table.table], states })) {
    yield row
    await context.io.drain?.()
  }
}

/** Tables that were not compared, each with why, where all were asked for. */
const readNotCompared = async (
  { rowgraft, tables }: Question,
  diffs: readonly TableDiff[],
): Promise<readonly NotCompared[]> => {
  if (tables.length > 0) return []
  const compared = new Set(diffs.map(({ table }) => table))
  return (await rowgraft.tables())
    .filter(({ table }) => !compared.has(table))
    .map(({ table, refusal }) => ({ table, why: refusal === null ? 'it has no identity' : wordRefusal(refusal) }))
}

const printText = async (question: Question, diffs: readonly TableDiff[]): Promise<void> => {
  const { context, states, wantsRows } = question
  const { output } = context
  output.text(formatDiff(diffs, states, output.setting))
  if (wantsRows) {
    for (const table of diffs.filter((own) => isDifferent(own, states))) {
      output.text(`\n${output.setting.style.heading(formatTable(table.table))}\n`)
      for await (const row of rowsOf(question, table)) output.text(`${formatRow(row, output.setting)}\n`)
    }
  }
  const others = await readNotCompared(question, diffs)
  if (others.length > 0) output.text(`\n${formatNotCompared(others, output.setting)}`)
}

const printJson = async (question: Question, diffs: readonly TableDiff[]): Promise<void> => {
  const { text } = question.context.output
  text('{"v":1,"tables":[')
  for (const [index, table] of diffs.entries()) {
    const counts = formatJson(jsonTableDiff(table, question.states))
    text(`${index === 0 ? '' : ','}${question.wantsRows ? `${counts.slice(0, -1)},"rows":[` : counts}`)
    if (!question.wantsRows) continue
    let isFirst = true
    for await (const row of rowsOf(question, table)) {
      text(`${isFirst ? '' : ','}${formatJson(jsonRow(row))}`)
      isFirst = false
    }
    text(']}')
  }
  text(`],"notCompared":${formatJson(await readNotCompared(question, diffs))}}\n`)
}

const printLines = async (question: Question, diffs: readonly TableDiff[]): Promise<void> => {
  const { states, wantsRows } = question
  const { format, csv, json } = question.context.output
  const isCsv = format === 'csv'
  if (isCsv) csv(wantsRows ? rowCsvHead : ['table', ...states])
  for (const table of diffs) {
    if (wantsRows) {
      for await (const row of rowsOf(question, table)) {
        if (isCsv) csv(rowCsvCells(row))
        else json(jsonRowLine(row))
      }
    } else if (isCsv) csv([table.table, ...states.map((state) => table[state])])
    else json({ v: 1, ...jsonTableDiff(table, states) })
  }
  // Lines are of tables and rows that were compared: what was not stands beside them.
  for (const { table, why } of await readNotCompared(question, diffs)) {
    question.context.output.note(`Not compared: ${formatTable(table)}: ${why}`)
  }
}

/** `rowgraft diff`: exit code 1 says that there are differences. Rows that were restored under another key are none. */
export const diff = (context: Context, tables: readonly string[], flags: DiffFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const states = statesOf(flags)
    const diffs: TableDiff[] = []
    for await (const table of rowgraft.diff({ tables, states, jobs: flags.jobs })) diffs.push(table)
    // Counted in whatever order, they read in the order of their names.
    diffs.sort((a, b) => (a.table < b.table ? -1 : 1))
    const question: Question = { context, rowgraft, tables, states, wantsRows: flags.rows === true }
    const { format } = context.output
    if (format === 'text') await printText(question, diffs)
    else if (format === 'json') await printJson(question, diffs)
    else await printLines(question, diffs)
    const counted = states.filter((state) => state !== 'restored')
    return diffs.some((table) => isDifferent(table, counted)) ? exitCodes.differences : exitCodes.done
  })
