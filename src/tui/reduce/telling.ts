/** What is said when somebody asks: why, the report in full, the command that does the same. Pure. */

import { chainOf, displayKey, isRowgraftError } from '../../data.ts'
import { formatChain } from '../../format/plan/chain.ts'
import { formatPlan } from '../../format/plan/plan.ts'
import { whyNoIncident } from '../../format/reasons/no-incident.ts'
import { formatReport } from '../../format/run/report.ts'
import { plainStyle } from '../../format/style.ts'
import type { Incident } from '../../index.ts'
import { alongNodes } from '../models/along-tree.ts'
import { commandOf, undoCommand } from '../models/command.ts'
import { incidentEntries, notLookedAt } from '../models/incident-entries.ts'
import type { Transition } from '../state/actions.ts'
import { type State, screenOf } from '../state/state.ts'
import { showText } from './opening.ts'

/** What the clipboard gets, and what is said of it. */
const copying = (state: State): readonly [text: string, said: string] | null => {
  const screen = screenOf(state)
  if (screen.at === 'incidents') {
    const entry = incidentEntries(state, screen.filter)[screen.cursor]
    if (entry === undefined || state.incidents === null) return null
    // The command line looks at every table, and may group them otherwise.
    if (notLookedAt(state.incidents).length > 0)
      return ['rowgraft restore plan.json', 'a command for the plan; save it first, on the review']
    const follow = state.follow === null ? '' : ` --follow ${state.follow}`
    return [`rowgraft restore --incident ${entry.id}${follow}`, 'the command that restores it']
  }
  if (screen.at === 'report') return [undoCommand(screen.report), 'the undo command']
  if (screen.at === 'runs') {
    const run = state.runs?.[screen.cursor]
    return run === undefined ? null : [`rowgraft undo ${run.run}`, 'the undo command']
  }
  if (screen.at !== 'review') return null
  if (screen.undoes !== null) return [`rowgraft undo ${state.planned?.plan.undoes ?? ''}`, 'the undo command']
  const command = commandOf(state)
  return command === null
    ? ['rowgraft restore plan.json', 'a command for the plan; save it first, with e']
    : [command, 'the command that does the same']
}

export const copyCommand = (state: State): Transition => {
  const copied = copying(state)
  if (copied === null) return [state]
  const [text, said] = copied
  return [
    { ...state, message: { kind: 'note', text: `copied ${said}: ${text}` } },
    { do: 'copy', text },
  ]
}

const setting = ({ size }: State) => ({ width: Math.max(40, Math.min(100, size.columns - 4)), style: plainStyle })

type IncidentCondition = NonNullable<Incident['condition']>
type Overwrite = NonNullable<Incident['overwrite']>

/** How well an UPDATE explains what live holds. */
const sayHits = ({ hits, of, isOnly }: IncidentCondition, { sets, editedSince }: Overwrite): readonly string[] => [
  `${hits} of ${of} such rows of the backup hold in live what this makes of them:`,
  ...sets.map(({ column, value }) => `  ${column} = ${value}`),
  ...(editedSince === 0 ? [] : [`${editedSince} were edited since: what is in them stays.`]),
  isOnly
    ? 'No other row of the table differs in these columns.'
    : 'Other rows of the table differ in these columns as well.',
]

/** Why a row of the set under the cursor is in the plan; the whole plan on the review. */
export const why = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'review' && state.planned !== null)
    return [showText(state, 'the plan', formatPlan(state.planned.plan, setting(state)).split('\n'))]
  if (screen.at === 'incidents') {
    const entry = incidentEntries(state, screen.filter)[screen.cursor]
    const found = entry?.incident?.condition
    const overwrite = entry?.incident?.overwrite
    const lost = entry?.incident?.mark === undefined ? 'missing' : 'marked as deleted'
    if (entry === undefined) return [state]
    if (found == null)
      return [
        showText(state, entry.label, [
          entry.leftOut === null
            ? 'nothing was found that these rows have in common and the others do not'
            : whyNoIncident(entry.leftOut),
        ]),
      ]
    return [
      showText(state, entry.label, [
        `where ${found.sql}`,
        '',
        ...(overwrite === undefined
          ? [
              `${found.hits} of ${found.of} such rows of the backup are ${lost} in live.`,
              found.isOnly ? `Nothing else of the table is ${lost}.` : `Other rows of the table are ${lost} as well.`,
            ]
          : sayHits(found, overwrite)),
      ]),
    ]
  }
  const node =
    screen.at === 'along' && state.planned !== null
      ? alongNodes(state.planned.plan, state.chosen, state.overview)[screen.cursor]
      : undefined
  if (node === undefined || node.sample === null || state.planned === null) return [state]
  try {
    const chain = chainOf(state.planned.plan, node.table, node.sample, displayKey(node.sample))
    return [
      showText(
        state,
        `why ${node.name} ${displayKey(node.sample)} comes along`,
        formatChain(chain, setting(state)).split('\n'),
      ),
    ]
  } catch (error) {
    if (!isRowgraftError(error)) throw error
    return [{ ...state, message: { kind: 'note', text: error.message } }]
  }
}

/** The report, in full. */
export const details = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'report') return [state]
  return [showText(state, 'the report', formatReport(screen.report, screen.plan, setting(state)).split('\n'))]
}
