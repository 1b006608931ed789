/**
 * A whole screen: where one writes, what is shown, what is picked, what can be done now. Pure: the same state is the same frame.
 *
 * In comes a state; out go lines, as many as the terminal has rows. It imports everything of `tui/` but `reduce/` and `effects/`.
 */
import { displayWidth, truncate, wrap } from '../../format/layout.ts'
import { formatCount } from '../../format/quantities.ts'
import { hidePasswords, redactAddress, sanitise } from '../../format/sanitise.ts'
import type { Binding } from '../bindings/binding.ts'
import { bindingsAt } from '../bindings/bindings.ts'
import { footerBindings } from '../bindings/footer.ts'
import { describeJob, paragraph, spinner } from '../lines/cells.ts'
import { blank, fillLines, fitLine, type Line, line, type Span, spread, textOf } from '../lines/line.ts'
import { displayKeyName } from '../state/keys.ts'
import { countPicks } from '../state/picks.ts'
import { type Size, type State, screenOf } from '../state/state.ts'
import { drawAlong } from './along.ts'
import { drawConnect } from './connect.ts'
import { drawIncidents } from './incidents.ts'
import { drawHelp, drawPalette, drawPrompt, drawQuestion, drawText } from './overlay.ts'
import { drawReport } from './report.ts'
import { drawReview, restoreWords } from './review.ts'
import { drawRow } from './row.ts'
import { drawRows, rowsPosition } from './rows.ts'
import { drawFailed, drawRun } from './run.ts'
import { drawRuns } from './runs.ts'
import { drawTables } from './tables.ts'

/** Below this nothing can be told apart any more. */
export const smallest: Size = { columns: 60, rows: 15 }

const headerLine = (state: State): Line => {
  const { connection, addresses, readOnly } = state
  const name = (side: 'live' | 'backup'): string =>
    connection.state === 'open'
      ? connection[side].label
      : addresses[side] === ''
        ? '(not given)'
        : redactAddress(addresses[side])
  const badge: readonly Span[] = readOnly === null ? [] : [' ', [' READ-ONLY ', 'strong']]
  const { columns } = state.size
  const fixed = 28 + badge.reduce((sum, span) => sum + displayWidth(textOf(span)), 0)
  const [live, backup] = fitNames([name('live'), name('backup')], columns - fixed)
  return line(' ', [' LIVE ', 'live'], ` ${live}`, ...badge, '    ', ['⇐  BACKUP', 'strong'], ` ${backup}`)
}

/** Names that fit side by side: without what tells least apart first, cut last. */
const fitNames = (names: readonly [string, string], room: number): readonly [string, string] => {
  const forms: readonly ((name: string) => string)[] = [
    (name) => name,
    (name) => name.replace(/^[^@/]*@/, ''),
    (name) => name.replace(/^[^@/]*@/, '').replace(/:\d+(?=\/)/, ''),
  ]
  for (const form of forms) {
    const [live, backup] = [sanitise(form(names[0])), sanitise(form(names[1]))]
    if (displayWidth(live) + displayWidth(backup) <= room) return [live, backup]
  }
  const [live, backup] = [sanitise(forms[2]?.(names[0]) ?? ''), sanitise(forms[2]?.(names[1]) ?? '')]
  const half = Math.floor(room / 2)
  const own = Math.min(displayWidth(live), Math.max(half, room - displayWidth(backup)))
  return [truncate(live, own), truncate(backup, Math.max(4, room - own))]
}

const drawScreen = (state: State, size: Size): readonly Line[] => {
  const screen = screenOf(state)
  switch (screen.at) {
    case 'connect':
      return drawConnect(state, screen, size)
    case 'incidents':
      return drawIncidents(state, screen, size)
    case 'tables':
      return drawTables(state, screen, size)
    case 'rows':
      return drawRows(state, screen, size)
    case 'row':
      return drawRow(state, screen, size)
    case 'along':
      return drawAlong(state, screen, size)
    case 'review':
      return drawReview(state, screen, size)
    case 'run':
      return drawRun(state, screen, size)
    case 'report':
      return drawReport(screen, size)
    case 'failed':
      return drawFailed(screen, size)
    case 'runs':
      return drawRuns(state, screen, size)
  }
}

const pickedWords = ({ picks }: State): Span => {
  const count = countPicks(picks)
  return [`${formatCount(count)} picked`, count === 0 ? 'dim' : 'mark']
}

/** Background work, in words, on screens that do not tell of it themselves. */
const backgroundWords = (state: State): string => {
  const { at } = screenOf(state)
  if (at === 'run' || at === 'connect') return ''
  const toldBy: Readonly<Record<string, readonly string[]>> = {
    incidents: ['incidents', 'overwritten', 'tables'],
    tables: ['count', 'tables'],
    rows: ['list', 'view', 'page'],
    row: ['row'],
    along: ['plan'],
    review: ['plan', 'undo'],
    runs: ['runs', 'verify'],
  }
  const job = state.jobs.find(({ kind }) => kind !== 'page' && !(toldBy[at] ?? []).includes(kind))
  return job === undefined ? '' : `${spinner(state)} ${describeJob(state, job, 18)}`
}

const statusLine = (state: State): Line => {
  const screen = screenOf(state)
  const position = screen.at === 'rows' ? rowsPosition(state, screen) : ''
  const left = [position, backgroundWords(state)].filter((part) => part !== '').join('  ·  ')
  const right: readonly Span[] =
    screen.at === 'review'
      ? [restoreWords(state)]
      : screen.at === 'connect' || screen.at === 'run'
        ? []
        : [pickedWords(state)]
  return spread([' ', [left, 'dim']], [...right, '  '], state.size.columns)
}

/** What has just happened, or went wrong, above the status: as many lines as it takes, the hint last. */
const messageLines = ({ message, size }: State): readonly Line[] => {
  if (message === null) return []
  const isError = message.kind === 'error'
  const detail = (message.detail ?? '').split('\n').filter((part) => part !== '')
  const lines = [
    ...wrap(sanitise(hidePasswords(message.text)), size.columns - 4).map((part, number) =>
      line(number === 0 && isError ? ' ! ' : '   ', [part, isError ? 'error' : 'strong']),
    ),
    ...detail.slice(0, 3).flatMap((part) => paragraph(hidePasswords(part), size.columns, { by: 3 }).slice(0, 2)),
    ...(message.hint === undefined ? [] : paragraph(hidePasswords(message.hint), size.columns, { by: 3, role: 'dim' })),
  ]
  return lines.slice(0, Math.max(1, Math.floor(size.rows / 3)))
}

const footerWords = (binding: Binding): readonly Span[] => {
  const keys = binding.command === 'answer' ? '1-4' : displayKeyName(binding.keys[0] ?? '')
  return [[keys, 'strong'], ` ${binding.footer}`]
}

/** The keys that can be used here, as many as fit; help always. */
const footerLine = (state: State): Line => {
  const { columns } = state.size
  const { overlay } = state
  if (overlay?.kind === 'prompt') return line(' ', ['enter', 'strong'], ' take it  ', ['esc', 'strong'], ' leave it')
  if (overlay?.kind === 'question')
    return line(
      ' ',
      ...overlay.question.choices.flatMap(({ key, does }): readonly Span[] => [[key, 'strong'], ` ${does}  `]),
      ['esc', 'strong'],
      ' back',
    )
  if (overlay?.kind === 'palette')
    return line(' ', ['↑↓', 'strong'], ' choose  ', ['enter', 'strong'], ' do it  ', ['esc', 'strong'], ' close')
  if (overlay !== null) return line(' ', ['↑↓', 'strong'], ' scroll  ', ['esc', 'strong'], ' close')
  const others = footerBindings(state)
  const help = bindingsAt(screenOf(state).at).filter(({ command }) => command === 'help')
  const widthOf = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + displayWidth(textOf(span)), 0)
  const kept: Span[] = []
  let room = columns - 2 - 6
  for (const binding of others) {
    const words = footerWords(binding)
    if (widthOf(words) + 2 > room) continue
    kept.push(...words, '  ')
    room -= widthOf(words) + 2
  }
  return line(' ', ...kept, ...help.flatMap(footerWords))
}

const tooSmall = ({ size }: State): readonly Line[] =>
  fillLines(
    [
      ...paragraph(
        `The terminal is too small: ${size.columns}x${size.rows}, and it takes ${smallest.columns}x${smallest.rows}.`,
        size.columns,
        { by: 0 },
      ),
      ...paragraph('Nothing is lost.', size.columns, { by: 0 }),
    ],
    size.rows,
  ).map((own) => fitLine(own, size.columns))

/** As many lines as the terminal has rows, none wider than it. */
export const drawFrame = (state: State): readonly Line[] => {
  const { size, overlay } = state
  const { columns, rows } = size
  if (columns < smallest.columns || rows < smallest.rows) return tooSmall(state)
  const below =
    overlay?.kind === 'prompt'
      ? drawPrompt(overlay, size)
      : overlay?.kind === 'question'
        ? drawQuestion(overlay, columns)
        : messageLines(state)
  const height = rows - 5 - below.length
  const area = { columns, rows: Math.max(1, height) }
  const screen =
    overlay?.kind === 'help'
      ? drawHelp(state, overlay, area)
      : overlay?.kind === 'palette'
        ? drawPalette(state, overlay, area)
        : overlay?.kind === 'text'
          ? drawText(overlay, area)
          : drawScreen(state, area)
  return [
    headerLine(state),
    blank,
    ...fillLines(screen, height),
    ...below,
    statusLine(state),
    line(['─'.repeat(columns), 'dim']),
    footerLine(state),
  ].map((own) => fitLine(own, columns))
}
