/** The command line that does the same as what is picked and chosen. Pure. */
import { displayKey } from '../../data.ts'
import { formatArgument, formatTable } from '../../format/names.ts'
import type { Report } from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import { isAllMissing, type Picks, pickedRows, type RowPicks } from '../state/picks.ts'
import type { Chosen, State } from '../state/state.ts'
import { notLookedAt } from './incident-entries.ts'

/** Keys up to this many are named one by one. */
const mostKeys = 40

const keyOf = ({ list }: RowPicks, index: number): string => displayKey(packKey(list.keyAt(index)))

const rowArguments = (rows: RowPicks): readonly string[] | null => {
  if (rows.count > mostKeys) return null
  const table = formatTable(rows.source.table)
  return [...pickedRows(rows)].flatMap((index) => ['--select', `${table}:${keyOf(rows, index)}`])
}

/** The columns to put back where they are the same for every changed row; undefined where no one flag says it. */
const columnArguments = (picks: Picks): readonly string[] | undefined => {
  const sets = new Set<string>()
  for (const rows of picks.rows.values()) {
    for (const index of pickedRows(rows)) {
      if (rows.list.stateAt(index) !== 'changed') continue
      const columns = rows.columns.get(index)
      if (columns === undefined) return undefined
      sets.add(columns.join(','))
    }
  }
  const [only] = sets
  if (sets.size > 1) return undefined
  return only === undefined ? [] : ['--columns', only]
}

const chosenArguments = (chosen: Chosen): readonly string[] => [
  ...(chosen.parents === 'restore' ? [] : ['--parents', chosen.parents]),
  ...(chosen.children === 'all' ? [] : ['--children', chosen.children]),
  ...(chosen.links === 'existing' ? [] : ['--links', chosen.links]),
  ...(chosen.relink === 'evidence' ? [] : ['--relink', chosen.relink]),
  ...(chosen.keys === 'auto' ? [] : ['--keys', chosen.keys]),
  ...(chosen.triggers === null ? [] : ['--triggers', chosen.triggers]),
  ...(chosen.again ? ['--again'] : []),
  ...chosen.without.flatMap((table) => ['--without', formatTable(table)]),
  ...chosen.set.flatMap(({ table, column, value }) => ['--set', `${formatTable(table)}.${column}=${value ?? ''}`]),
]

const answerArguments = ({ planned, answers }: State): readonly string[] =>
  Object.entries(answers).flatMap(([id, answer]) => {
    const conflict = planned?.plan.conflicts.find((known) => known.id === id)
    if (conflict === undefined) return []
    const rows = conflict.key === '' ? conflict.table : `${conflict.table}:${conflict.key}`
    return ['--on-conflict', `${rows}=${answer}`]
  })

/** `rowgraft restore …`; null where only a plan file can say it. */
export const commandOf = (state: State): string | null => {
  const { picks, chosen, incidents } = state
  // The command line looks at every table, and may group them otherwise.
  if (picks.incidents.size > 0 && incidents !== null && notLookedAt(incidents).length > 0) return null
  // One table can be named whole, before the flags.
  const whole = [...picks.rows.values()].find((own) => own.count > 1 && isAllMissing(own))
  const ordered = [...picks.rows.values()].sort((a, b) => Number(b === whole) - Number(a === whole))
  const rows = ordered.map((own) =>
    own === whole ? [formatTable(own.source.table), '--all-missing'] : rowArguments(own),
  )
  const columns = columnArguments(picks)
  if (rows.includes(null) || columns === undefined) return null
  const words = [
    ...rows.flatMap((own) => own ?? []),
    ...[...picks.incidents.keys()].flatMap((id) => ['--incident', id]),
    ...picks.under.flatMap(({ table, key }) => ['--under', `${formatTable(table)}:${key}`]),
    ...picks.statements.flatMap(({ statement, at }) => [
      '--statement',
      statement,
      ...(at === null ? [] : ['--statement-at', at]),
    ]),
    ...columns,
    ...chosenArguments(chosen),
    ...(state.follow === null ? [] : ['--follow', state.follow]),
    ...answerArguments(state),
  ]
  return `rowgraft restore ${words.map(formatArgument).join(' ')}`
}

/** Without a run's id where it took several: all parts of the plan are meant. */
export const undoCommand = ({ run, runs }: Report): string =>
  runs.length === 1 ? `rowgraft undo ${run}` : 'rowgraft undo'
