/** The lines of a review: what would be written, and what must be answered first. Pure. */
import { openConflicts } from '../../data.ts'
import { displayWidth, wrap } from '../../format/layout.ts'
import { firstOf, firstRows, formatColumn, formatKey, formatTable } from '../../format/names.ts'
import { formatConflict } from '../../format/plan/conflicts.ts'
import { formatEffects } from '../../format/plan/effects.ts'
import { mergedSteps } from '../../format/plan/merged-steps.ts'
import { formatRest } from '../../format/plan/rest.ts'
import { formatCount, plural } from '../../format/quantities.ts'
import type { Plan, Step } from '../../index.ts'
import { askedConflict, choicesOf, flagsOf } from '../models/conflict-choices.ts'
import type { State } from '../state/state.ts'
import { cell, paragraph, rightCell } from './cells.ts'
import { blank, type Line, line, type Role } from './line.ts'

const keyWords = (plan: Plan, step: Step): string => {
  const fresh = step.allocate === 'all' ? step.rows : (step.allocate?.length ?? 0)
  const why = plan.options.keys === 'new' ? '' : fresh === 1 ? ' (its own is taken)' : ' (theirs are taken)'
  if (fresh === 0) return step.rows === 1 ? 'same id' : 'same ids'
  if (fresh === step.rows) return step.rows === 1 ? `gets a new id${why}` : `all get a new id${why}`
  return `${formatCount(fresh)} ${fresh === 1 ? 'gets' : 'get'} a new id${why}`
}

const updateWords = (plan: Plan, step: Step): string => {
  const columns = step.columns.map(formatColumn).join(', ')
  if (step.because === 'undo') return `${columns} as before the run`
  if (step.because !== 'survivor') return `${columns}: the backup's values`
  const via = plan.relations.find(({ id }) => id === step.via)
  const parents = plan.steps.filter(({ table, action }) => table === via?.parent && action === 'insert')
  const [only] = parents
  const isOne =
    parents.length === 1 &&
    only?.rows === 1 &&
    step.columns.length === 1 &&
    only.keys.length === 1 &&
    only.allocate === undefined
  const edited = step.editedSince?.length ?? 0
  const since = edited === 0 ? '' : ` · ${formatCount(edited)} edited since`
  return isOne
    ? `${columns}: ∅ → ${formatKey(firstRows(only.keys, 1)[0] ?? [])}${since}`
    : `${columns} points to its row again${since}`
}

const stepWords = (plan: Plan, step: Step): string => {
  if (step.action === 'update') return updateWords(plan, step)
  if (step.action === 'delete') return `inserted by the run: ${firstOf(firstRows(step.keys, 5).map(formatKey), 4)}`
  const nulled = (step.nulled ?? []).filter(({ rows }) => rows.length > 0)
  const emptied = nulled.map(
    ({ columns, rows }) => `${columns.map(formatColumn).join(', ')} left empty in ${formatCount(rows.length)}`,
  )
  return [step.because === 'undo' ? 'deleted by the run' : keyWords(plan, step), ...emptied].join(' · ')
}

const actionRole: Readonly<Record<Step['action'], Role>> = { insert: 'missing', update: 'changed', delete: 'error' }

/** Lines in columns: what is done, to which table, how many, and how. The last one wraps. */
const columnsOf = (
  cells: readonly (readonly string[])[],
  width: number,
  roleOf: (action: string) => Role,
): readonly Line[] => {
  const tableWidth = Math.min(28, Math.max(8, ...cells.map(([, table = '']) => displayWidth(table))))
  const countWidth = Math.max(4, ...cells.map(([, , count = '']) => displayWidth(count)))
  const before = 3 + 11 + tableWidth + 2 + countWidth + 3
  return cells.flatMap(([action = '', table = '', count = '', words = '']) =>
    wrap(words, Math.max(16, width - before - 1)).map((part, number) =>
      number === 0
        ? line(
            '   ',
            [cell(action, 11), roleOf(action)],
            cell(table, tableWidth),
            '  ',
            rightCell(count, countWidth),
            '   ',
            part,
          )
        : line(' '.repeat(before), part),
    ),
  )
}

const stepLines = (plan: Plan, width: number): readonly Line[] => {
  const steps = mergedSteps(plan).map((step) => [
    step.action,
    formatTable(step.table),
    formatCount(step.rows),
    stepWords(plan, step),
  ])
  return columnsOf(steps, width, (action) => actionRole[action as Step['action']] ?? 'plain')
}

const restLines = (plan: Plan, width: number): readonly Line[] =>
  columnsOf(formatRest(plan, 'unsaid'), width, () => 'dim')

const conflictLines = (state: State, width: number): readonly Line[] => {
  const plan = state.planned?.plan
  const asked = askedConflict(state)
  if (plan === undefined || asked === undefined) return []
  const open = openConflicts(plan)
  const which =
    open.length === 1
      ? ''
      : ` (question ${formatCount(open.indexOf(asked) + 1)} of ${formatCount(open.length)}; n goes to the next)`
  const choices = choicesOf(plan, asked)
  return [
    blank,
    ...wrap(`${formatConflict(asked)}${which}`, width - 4).map((part, number) =>
      line(number === 0 ? ' ' : '   ', ...(number === 0 ? [['! ', 'conflict'] as const] : []), [part, 'conflict']),
    ),
    ...choices.flatMap(({ does }, number) =>
      wrap(does, width - 9).map((part, place) =>
        line('     ', place === 0 ? [`${number + 1} `, 'strong'] : '  ', part),
      ),
    ),
    ...(choices.length === 0 ? [line('     no answer helps here: leave the row out of what is picked')] : []),
    ...flagsOf(asked).flatMap((text) => paragraph(`or ${text}`, width, { by: 5, role: 'dim' })),
  ]
}

const coverage = ({ coverage: all }: Plan): readonly string[] =>
  all.map(({ table, action, hits, missing, damaged, editedSince, notInBackup }) =>
    [
      `${action === null ? 'The list names' : `The ${action.toUpperCase()} hits`} ${plural(hits, 'row')} of ${formatTable(table)}`,
      ...(missing > 0 ? [`${formatCount(missing)} missing`] : []),
      ...(damaged > 0 ? [`${formatCount(damaged)} still damaged`] : []),
      ...(editedSince > 0 ? [`${formatCount(editedSince)} edited since`] : []),
      ...(notInBackup > 0 ? [`${formatCount(notInBackup)} not in the backup`] : []),
    ].join(' · '),
  )

/** Everything under the headline, to be scrolled through. */
export const body = (state: State, width: number): readonly Line[] => {
  const plan = state.planned?.plan
  if (plan === undefined) return []
  const isReady = openConflicts(plan).length === 0
  return [
    ...coverage(plan).flatMap((text) => paragraph(text, width, { by: 3, role: 'dim' })),
    ...stepLines(plan, width),
    ...restLines(plan, width),
    ...conflictLines(state, width),
    ...(plan.steps.length === 0 || !isReady
      ? []
      : [blank, ...formatEffects(plan).flatMap((text) => paragraph(text, width, { by: 3 }))]),
  ]
}

/** All that can be scrolled through. */
export const reviewLines = (state: State, columns: number): readonly Line[] => body(state, columns)
