/** The ways out of a conflict as numbered choices. Pure. */

import { openConflicts } from '../../data.ts'
import { formatColumn, formatTable } from '../../format/names.ts'
import { triggerWays } from '../../format/plan/conflicts.ts'
import { formatCount } from '../../format/quantities.ts'
import { wordAnswer } from '../../format/reasons/conflict.ts'
import { wordHelp } from '../../format/reasons/help.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { Answer, Conflict, Plan } from '../../index.ts'
import { type State, screenOf } from '../state/state.ts'

export interface Choice {
  readonly does: string
  readonly take:
    | { readonly by: 'answer'; readonly answer: Answer }
    | { readonly by: 'triggers'; readonly value: 'fire' | 'off' }
    | { readonly by: 'parents'; readonly value: 'restore' | 'null' }
    | { readonly by: 'value'; readonly table: string; readonly column: string }
}

/** Only the row itself is inserted: a value given for its table is given for it alone. */
const isAlone = (plan: Plan, table: string): boolean =>
  plan.steps
    .filter((step) => step.table === table && step.action === 'insert')
    .reduce((sum, { rows }) => sum + rows, 0) <= 1 &&
  plan.conflicts.filter((conflict) => conflict.table === table).length === 1

const countOf = (plan: Plan): number =>
  plan.steps.filter(({ action }) => action === 'insert').reduce((sum, { rows }) => sum + rows, 0)

/** An answer in the words of the screen: what it does to this row, and to what came with it. */
const wordsOf = (plan: Plan, conflict: Conflict, answer: Answer): string => {
  const table = formatTable(conflict.table)
  const others = countOf(plan)
  const live = sanitise(conflict.live[0] ?? '')
  const does = sanitise(wordAnswer(conflict, answer))
  if (conflict.kind !== 'unique taken' && conflict.kind !== 'key taken') return does
  switch (answer) {
    case 'skip':
      return `leave the ${table} out, with what comes only because of it`
    case 'match':
      return `attach what belongs to it${others > 0 ? ` (${formatCount(others)} rows)` : ''} to live row ${live}`
    case 'overwrite':
      return `replace live row ${live}'s values by the backup's; later edits are lost`
    default:
      return does
  }
}

/** What a help says of parents that are gone: keys stand for that. */
const parentsOf = (help: NonNullable<Conflict['helps']>[number]): 'restore' | 'null' | null => {
  if (!('kind' in help)) return null
  return help.kind === 'restore parents' ? 'restore' : help.kind === 'null parents' ? 'null' : null
}

/** At most four: there are four keys. What only a flag can say is told beneath. */
export const choicesOf = (plan: Plan, conflict: Conflict): readonly Choice[] => {
  if (conflict.kind === 'triggers') {
    return triggerWays(conflict).map(({ value, does }): Choice => ({ does, take: { by: 'triggers', value } }))
  }
  const answers = conflict.answers
    .filter(({ answer }) => answer !== 'stop')
    .map(({ answer }): Choice => ({ does: wordsOf(plan, conflict, answer), take: { by: 'answer', answer } }))
  const parents = (conflict.helps ?? []).flatMap((help): readonly Choice[] => {
    const value = parentsOf(help)
    const does = sanitise(wordHelp(conflict.table, help).does)
    return value === null ? [] : [{ does, take: { by: 'parents', value } }]
  })
  const [column] = conflict.columns
  const canSet =
    conflict.kind === 'unique taken' &&
    conflict.columns.length === 1 &&
    column !== undefined &&
    isAlone(plan, conflict.table)
  const beside: readonly Choice[] = canSet
    ? [
        {
          does: `restore it beside ${sanitise(conflict.live[0] ?? 'it')}, with another ${formatColumn(column)}`,
          take: { by: 'value', table: conflict.table, column },
        },
      ]
    : []
  return [...answers, ...parents, ...beside].slice(0, 4)
}

/** Flags that settle it and that no key stands for. */
export const flagsOf = (conflict: Conflict): readonly string[] =>
  (conflict.helps ?? [])
    .filter((help) => parentsOf(help) === null)
    .map((help) => wordHelp(conflict.table, help))
    .map(({ flag, does }) => `${sanitise(flag)}: ${sanitise(does)}`)

/** Open conflicts that the same answer fits as well. */
export const alike = (plan: Plan, conflict: Conflict, answer: Answer): readonly Conflict[] =>
  openConflicts(plan).filter(
    (other) =>
      other.kind === conflict.kind &&
      other.table === conflict.table &&
      other.constraint === conflict.constraint &&
      other.answers.some((known) => known.answer === answer),
  )

/** True where the plan overwrites rows that somebody may have edited since: it asks once more. */
export const overwrites = ({ steps, undoes }: Plan): boolean =>
  undoes === null && steps.some(({ action, because }) => action === 'update' && because !== 'survivor')

/** The open question that is asked. */
export const askedConflict = (state: State): Conflict | undefined => {
  const screen = screenOf(state)
  if (screen.at !== 'review' || state.planned === null) return undefined
  const open = openConflicts(state.planned.plan)
  return open[Math.min(screen.conflict, open.length - 1)]
}
