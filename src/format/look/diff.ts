/**
 * How two sides differ, as people read it: counts per table, and rows one per line.
 *
 * In come tables, rows and incidents as `look/` and `selection/` have them; out goes text.
 */
import type { TableDiff } from '../../diff/diff.ts'
import type { DiffState } from '../../diff/diff-states.ts'
import type { RowReport } from '../../look/rows.ts'
import { displayWidth, formatColumns, joinLines, padEnd, truncate } from '../layout.ts'
import { formatKey, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { revealBlanks, revealDifference, sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

/** What a row's state is called, with its glyph. */
export const stateWords: Readonly<Record<RowReport['state'], readonly [glyph: string, words: string]>> = {
  missing: ['+', 'missing'],
  changed: ['~', 'changed'],
  extra: ['·', 'only in live'],
  reused: ['?', 'reused'],
  restored: ['*', 'restored'],
  same: ['=', 'same'],
  deleted: ['x', 'marked as deleted'],
  'not in backup': ['-', 'not in the backup'],
}

const sumOf = (tables: readonly TableDiff[], state: DiffState): number =>
  tables.reduce((sum, table) => sum + table[state], 0)

const isDifferent = (table: TableDiff, states: readonly DiffState[]): boolean =>
  states.some((state) => table[state] > 0)

const summarise = (tables: readonly TableDiff[], states: readonly DiffState[]): string => {
  const parts = states
    .filter((state) => sumOf(tables, state) > 0)
    .map((state) => `${formatCount(sumOf(tables, state))} ${stateWords[state][1]}`)
  const different = tables.filter((table) => isDifferent(table, states)).length
  if (parts.length === 0) {
    const what =
      states.length === 1 && states[0] !== undefined ? `Nothing is ${stateWords[states[0]][1]}` : 'No differences'
    return `${what} in ${plural(tables.length, 'table')}.`
  }
  return `${parts.join(', ')}, in ${formatCount(different)} of ${plural(tables.length, 'table')}.`
}

/** The counts. Tables without a difference are counted only; `states` are those asked for. */
export const formatDiff = (tables: readonly TableDiff[], states: readonly DiffState[], setting: Setting): string => {
  const shown = tables.filter((table) => isDifferent(table, states))
  const rare: readonly DiffState[] = ['deleted', 'reused', 'restored']
  const columns = states.filter((state) => !rare.includes(state) || sumOf(shown, state) > 0)
  const header = ['table', ...columns.map((state) => stateWords[state][1]), '']
  const rows = shown.map((table) => [
    formatTable(table.table),
    ...columns.map((state) => formatCount(table[state])),
    '',
  ])
  const same = tables.length - shown.length
  return joinLines([
    setting.style.heading(summarise(tables, states)),
    '',
    ...(shown.length === 0
      ? []
      : formatColumns([header, ...rows], { width: setting.width, right: columns.map((_, n) => n + 1) })),
    ...(same > 0 && shown.length > 0 ? ['', `  ${plural(same, 'table')} without a difference`] : []),
  ])
}

/** Tables that were not compared, each with why. */
export const formatNotCompared = (
  tables: readonly { readonly table: string; readonly why: string }[],
  { width }: Setting,
): string =>
  joinLines(
    formatColumns(
      tables.map(({ table, why }) => ['not compared', formatTable(table), sanitise(why)]),
      { width },
    ),
  )

const changeOf = (row: RowReport, name: string): string => {
  const [live, backup] = [row.live?.[name] ?? null, row.backup?.[name] ?? null]
  if (live === null || backup === null) {
    const show = (value: string | null): string => (value === null ? '∅' : revealBlanks(value))
    return `${show(live)} → ${show(backup)}`
  }
  return revealDifference(live, backup).join(' → ')
}

const valuesOf = (row: RowReport): string => {
  if (row.columns.length > 0) return row.columns.map((name) => `${sanitise(name)}: ${changeOf(row, name)}`).join(', ')
  return Object.entries(row.backup ?? row.live ?? {})
    .flatMap(([name, value]) =>
      value === null || name in row.key ? [] : [`${sanitise(name)}: ${revealBlanks(value)}`],
    )
    .join(', ')
}

/** One row on one line: state, key, and as much of its values as fits; changed columns as live → backup. */
export const formatRow = (row: RowReport, { width }: Setting): string => {
  const [glyph, words] = stateWords[row.state]
  const head = `  ${glyph} ${padEnd(words, 12)}  ${formatKey(Object.values(row.key))}  `
  return `${head}${truncate(valuesOf(row), Math.max(20, width - displayWidth(head)))}`.trimEnd()
}
