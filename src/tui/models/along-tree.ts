/** What comes along, as a tree of sets of rows: made of the plan, so that screen and run cannot disagree. Pure. */
import { firstRows, formatColumn, formatTable } from '../../format/names.ts'
import { formatMissingToo, formatWhyLeftOut } from '../../format/plan/rest.ts'
import { formatCount, plural } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { Plan, Step, TableOverview } from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import type { Chosen } from '../state/state.ts'
import { type CycledOption, optionNames, optionOrder, optionWords } from './along-options.ts'

/** What Space does to a line. */
export type Toggle =
  | { readonly what: 'table'; readonly table: string }
  | { readonly what: 'survivors' }
  | { readonly what: 'option'; readonly option: CycledOption }

/** What `b` does on a line. */
export type Bring = 'links' | 'survivors' | 'children'

export interface AlongNode {
  readonly depth: number
  /** `rows` of a table, a `note` about rows that stay out, or an `option`. */
  readonly kind: 'rows' | 'note' | 'option'
  readonly table: string
  readonly count: number | null
  readonly name: string
  readonly words: string
  readonly isOn: boolean
  readonly toggle: Toggle | null
  readonly bring: Bring | null
  /** A row of it, to tell why: packed key. */
  readonly sample: string | null
}

interface Group {
  readonly table: string
  readonly because: Step['because']
  readonly via: string | null
  readonly steps: readonly Step[]
  readonly from: string | null
}

const cameFrom = (plan: Plan, step: Step): string | null => {
  const via = plan.relations.find(({ id }) => id === step.via)
  if (via === undefined) return null
  return step.because === 'parent' ? via.child : via.parent
}

const groupSteps = (plan: Plan): readonly Group[] =>
  [...Map.groupBy(plan.steps, ({ table, because }) => JSON.stringify([table, because])).values()].flatMap((steps) => {
    const [first] = steps
    return first === undefined
      ? []
      : [{ table: first.table, because: first.because, via: first.via, steps, from: cameFrom(plan, first) }]
  })

const columnsOf = ({ steps }: Group): string =>
  [...new Set(steps.flatMap(({ columns }) => columns))].map(formatColumn).join(', ')

const wordsOf = (group: Group, links: Chosen['links']): string => {
  switch (group.because) {
    case 'selected':
      return group.steps.some(({ action }) => action === 'update')
        ? 'you picked it; in live with other values'
        : 'you picked it'
    case 'parent':
      return 'needed by what comes back'
    case 'child':
      return 'missing, belonged to it'
    case 'link':
      return links === 'pull' ? 'links: both ends will be in live' : 'links: both ends are in live'
    case 'survivor':
      return `in live; ${columnsOf(group)} was ${group.steps.some(({ isAtDefault }) => isAtDefault) ? 'set to its default' : 'set to null'}`
    case 'undo':
      return 'as before the run'
  }
}

const sampleOf = ({ steps: [first] }: Group): string | null =>
  first === undefined ? null : packKey(firstRows(first.keys, 1)[0] ?? [])

const toNode = (group: Group, depth: number, chosen: Chosen): AlongNode => ({
  depth,
  kind: 'rows',
  table: group.table,
  count: group.steps.reduce((sum, { rows }) => sum + rows, 0),
  name: formatTable(group.table),
  words: wordsOf(group, chosen.links),
  isOn: true,
  toggle:
    group.because === 'selected' || group.because === 'undo'
      ? null
      : group.because === 'survivor'
        ? { what: 'survivors' }
        : { what: 'table', table: group.table },
  bring: null,
  sample: sampleOf(group),
})

/** Rows that are left out, one note per table and reason. */
const notesOf = (
  plan: Plan,
  tables: ReadonlyMap<string, TableOverview>,
  depthOf: (table: string) => number,
): readonly AlongNode[] => {
  const note = (own: Pick<AlongNode, 'table' | 'count' | 'words' | 'bring'>): AlongNode => ({
    ...own,
    depth: depthOf(own.table) + 1,
    kind: 'note',
    name: '',
    isOn: false,
    toggle: null,
    sample: null,
  })
  const isUnlinked = ({ reason }: Plan['leftOut'][number]): boolean => reason?.kind === 'not relinked'
  const groups = Map.groupBy(plan.leftOut, (row) => JSON.stringify([row.table, isUnlinked(row)]))
  const leftOut = [...groups.values()].map((rows) => {
    const table = rows[0]?.table ?? ''
    const isSurvivor = rows.some(isUnlinked)
    const isLink = tables.get(table)?.isJunction === true && !isSurvivor
    const why = formatWhyLeftOut({ leftOut: rows }, 'unsaid')
    const words = `${formatCount(rows.length)} ${isSurvivor ? 'not re-linked' : 'left out'}: ${why}`
    return note({ table, count: rows.length, words, bring: isSurvivor ? 'survivors' : isLink ? 'links' : null })
  })
  const also = plan.alsoMissing
    .filter(({ via, reason }) => via !== '' && reason !== 'without')
    .map((own) =>
      note({
        table: own.table,
        count: own.rows,
        words: `${plural(own.rows, 'row')} missing too: ${formatMissingToo(own, plan)}`,
        bring: own.reason === 'children' || own.reason === 'links' ? own.reason : null,
      }),
    )
  return [...leftOut, ...also]
}

const optionNodes = (chosen: Chosen): readonly AlongNode[] =>
  optionOrder.map((option) => ({
    depth: 0,
    kind: 'option',
    table: '',
    count: null,
    name: optionNames[option],
    words: optionWords[option][String(chosen[option])] ?? '',
    isOn: true,
    toggle: { what: 'option', option },
    bring: null,
    sample: null,
  }))

const leftOutTables = (chosen: Chosen): readonly AlongNode[] => [
  ...chosen.without.map(
    (table): AlongNode => ({
      depth: 0,
      kind: 'rows',
      table,
      count: null,
      name: formatTable(table),
      words: 'left out by you',
      isOn: false,
      toggle: { what: 'table', table },
      bring: null,
      sample: null,
    }),
  ),
  ...(chosen.relink === 'none'
    ? [
        {
          depth: 0,
          kind: 'rows',
          table: '',
          count: null,
          name: 'emptied references',
          words: 'stay empty: left out by you',
          isOn: false,
          toggle: { what: 'survivors' },
          bring: null,
          sample: null,
        } satisfies AlongNode,
      ]
    : []),
]

/** Lines from top to bottom: sets of rows under those they came by, what stays out under its table, then the options. */
export const alongNodes = (
  plan: Plan,
  chosen: Chosen,
  overview: readonly TableOverview[] | null,
): readonly AlongNode[] => {
  const groups = groupSteps(plan)
  const tables = new Map((overview ?? []).map((table) => [table.table, table]))
  const placed = new Set<Group>()
  const depths = new Map<string, number>()
  const nodes: AlongNode[] = []
  const place = (group: Group, depth: number): void => {
    if (placed.has(group)) return
    placed.add(group)
    if (!depths.has(group.table)) depths.set(group.table, depth)
    nodes.push(toNode(group, depth, chosen))
    for (const child of groups) if (child.from === group.table && child.table !== group.table) place(child, depth + 1)
  }
  for (const group of groups)
    if (group.because === 'selected' || group.because === 'undo' || group.from === null) place(group, 0)
  for (const group of groups) place(group, 0)
  const all = notesOf(plan, tables, (table) => depths.get(table) ?? 0)
  const withNotes = nodes.flatMap((node, position) => {
    const isLastOfTable = !nodes.slice(position + 1).some(({ table }) => table === node.table)
    return isLastOfTable ? [node, ...all.filter(({ table }) => table === node.table)] : [node]
  })
  const rest = all.filter(({ table }) => !nodes.some((node) => node.table === table))
  return [
    ...withNotes,
    ...rest.map((node) => ({ ...node, depth: 0, words: `${formatTable(node.table)}: ${sanitise(node.words)}` })),
    ...leftOutTables(chosen),
    ...optionNodes(chosen),
  ]
}
