/** What comes along with what is picked, and why; with toggles. Pure. */
import { formatTable } from '../../format/names.ts'
import { summarisePlan } from '../../format/plan/plan.ts'
import { formatCount, plural } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import { cell, cursorMark, describeJob, pickMark, rightCell, spinner } from '../lines/cells.ts'
import { around, blank, type Line, line, type Span, spread } from '../lines/line.ts'
import { type AlongNode, alongNodes } from '../models/along-tree.ts'
import { countPicks } from '../state/picks.ts'
import { jobOf, type Screen, type Size, type State } from '../state/state.ts'

type AlongScreen = Extract<Screen, { at: 'along' }>

/** What is picked, in a few words. */
export const picksInWords = ({ picks }: State): string => {
  const words = [
    ...picks.incidents.values(),
    ...[...picks.rows.values()].map(({ source, count }) => `${plural(count, 'row')} of ${formatTable(source.table)}`),
    ...picks.statements.map(({ statement }) => statement.replace(/\s+/g, ' ')),
    ...picks.under.map(({ table, key }) => `what is missing below ${formatTable(table)} ${key}`),
  ].map(sanitise)
  return words.length > 2 ? `${words.slice(0, 2).join(', ')} and ${words.length - 2} more` : words.join(', ')
}

const bringWords = 'b brings them along'

interface NodePlace {
  /** What is drawn before it. */
  readonly branch: string
  readonly nameWidth: number
  readonly isCurrent: boolean
  readonly columns: number
}

const nodeLine = (node: AlongNode, { branch, nameWidth, isCurrent, columns }: NodePlace): Line => {
  const own = { isCurrent, aria: { role: 'checkbox' as const, isChecked: node.isOn, isSelected: isCurrent } }
  if (node.kind === 'note') {
    const right: readonly Span[] =
      node.bring === null ? [] : [[node.bring === 'survivors' ? 'b re-links them too' : bringWords, 'strong'], ' ']
    return {
      ...spread([cursorMark({ isCurrent }), ' ', [branch, 'dim'], [node.words, 'changed']], right, columns),
      ...own,
    }
  }
  if (node.kind === 'option') {
    return { ...line(cursorMark({ isCurrent }), ' ', [cell(node.name, 20), 'dim'], node.words), ...own }
  }
  const mark = node.toggle === null ? (['[x]', 'dim'] as const) : pickMark({ isPicked: node.isOn })
  const count = node.count === null ? '' : formatCount(node.count)
  return {
    ...line(
      cursorMark({ isCurrent }),
      ' ',
      [branch, 'dim'],
      mark,
      ` ${cell(node.name, Math.max(4, nameWidth - branch.length))}`,
      `${rightCell(count, 9)}   `,
      [node.words, node.isOn ? 'plain' : 'dim'],
    ),
    ...own,
  }
}

/** `├ `, `└ ` and `│ ` before each line, as its depth and its neighbours want it. */
const branchesOf = (nodes: readonly AlongNode[]): readonly string[] =>
  nodes.map((node, position) => {
    if (node.depth === 0 || node.kind === 'option') return ''
    const isLastAt = (depth: number): boolean => {
      for (const later of nodes.slice(position + 1)) {
        if (later.kind === 'option' || later.depth < depth) return true
        if (later.depth === depth) return false
      }
      return true
    }
    const above = Array.from({ length: node.depth - 1 }, (_, depth) => (isLastAt(depth + 1) ? '  ' : '│ ')).join('')
    return `${above}${isLastAt(node.depth) ? '└ ' : '├ '}`
  })

export const drawAlong = (state: State, screen: AlongScreen, { columns, rows }: Size): readonly Line[] => {
  const job = jobOf(state, 'plan')
  const { planned } = state
  const working = job === undefined ? '' : `${spinner(state)} ${describeJob(state, job, planned === null ? 4 : 44)}`
  if (planned === null)
    return [line(' ', [working === '' ? 'What comes along is not known: ctrl-r works it out' : working, 'strong'])]
  const nodes = alongNodes(planned.plan, state.chosen, state.overview)
  const branches = branchesOf(nodes)
  const nameWidth = Math.min(32, Math.max(14, ...nodes.map(({ name, depth }) => name.length + depth * 2)))
  const drawn: Line[] = []
  let focus = 0
  for (const [position, node] of nodes.entries()) {
    if (node.kind === 'option' && nodes[position - 1]?.kind !== 'option') drawn.push(blank, line('   ', ['how', 'dim']))
    if (position === screen.cursor) focus = drawn.length
    const isCurrent = position === screen.cursor
    drawn.push(nodeLine(node, { branch: branches[position] ?? '', nameWidth, isCurrent, columns }))
  }
  const title = countPicks(state.picks) === 0 ? 'Nothing is picked' : `What comes along with  ${picksInWords(state)}`
  return [
    spread(
      [' ', [title, 'strong']],
      [[working === '' ? summarisePlan(planned.plan) : working, working === '' ? 'plain' : 'dim'], ' '],
      columns,
    ),
    blank,
    ...around(drawn, focus, Math.max(1, rows - 2)),
  ]
}
