/** Conflicts in words: what is in the way, what each answer does, and the flag that gives it. */
import type { Conflict } from '../../plan/conflicts.ts'
import type { Answer } from '../../plan/finding.ts'
import type { Plan } from '../../plan/plan.ts'
import { formatColumns, indent } from '../layout.ts'
import { formatArgument, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { wordAnswer, wordConflict } from '../reasons/conflict.ts'
import { type WayOut, wordHelp } from '../reasons/help.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

/** Conflicts of one kind are spelled out up to this many. */
const most = 5

const isAgain = ({ kind, of }: Conflict, answer: Answer): boolean =>
  kind === 'looks restored' && of === undefined && answer === 'allocate'

const flagOf = (conflict: Conflict, answer: Answer): string => {
  if (isAgain(conflict, answer)) return '--again'
  return `--on-conflict ${formatArgument(`${formatTable(conflict.table)}=${answer}`)}`
}

/** What an answer does to rows each of which has a live row of its own in the way. */
const forSeveral: Partial<Readonly<Record<Answer, string>>> = {
  match: 'let the live row stand in: what belongs to the row goes to it',
  overwrite: "replace the live row's other values by the backup's; later edits are lost",
  allocate: 'insert it beside the live row',
}

/** What an answer does to all conflicts of a group. */
const effectOn = (conflicts: readonly Conflict[], answer: Answer): string => {
  const words = new Set(conflicts.map((conflict) => wordAnswer(conflict, answer)))
  const [first = ''] = words
  return sanitise(words.size === 1 ? first : (forSeveral[answer] ?? first))
}

interface WayOptions {
  /** The conflicts that one answer is for. */
  readonly alike?: readonly Conflict[]
  /** `--columns` would speak of this table alone. */
  readonly canNameColumns?: boolean
}

/** True where all that is selected is rows of one table: `--columns` is for all selected rows. */
export const selectsOneTable = ({ selection }: Pick<Plan, 'selection'>): boolean => {
  const tables = new Set(selection.selectors.map((selector) => ('table' in selector ? selector.table : null)))
  return tables.size <= 1 && !tables.has(null)
}

/** The values of `--triggers` that settle it where a trigger reaches outside. */
export const triggerWays = ({
  firesAlways,
}: Conflict): readonly { readonly value: 'fire' | 'off'; readonly does: string }[] => [
  { value: 'fire', does: 'let it reach outside' },
  ...(firesAlways === true
    ? []
    : [{ value: 'off', does: 'switch all triggers off while the rows are written' } as const]),
]

/** The ways out of conflicts that are alike, each with its flag. */
export const waysOut = (
  conflict: Conflict,
  { alike = [conflict], canNameColumns = true }: WayOptions = {},
): readonly WayOut[] => {
  const answers = conflict.answers
    .filter(({ answer }) => answer !== 'stop')
    .map(({ answer }) => ({ flag: flagOf(conflict, answer), does: effectOn(alike, answer) }))
  const helps = (conflict.helps ?? []).map((help) => {
    const { flag, does } = wordHelp(conflict.table, help)
    return { flag, does: sanitise(does) }
  })
  const given = [...answers, ...helps]
  if (conflict.kind === 'triggers') {
    return triggerWays(conflict).map(({ value, does }) => ({ flag: `--triggers ${value}`, does }))
  }
  if (conflict.kind !== 'changed' || conflict.of !== undefined || !canNameColumns) return given
  const columns = formatArgument(conflict.columns.map(sanitise).join(','))
  return [...given, { flag: `--columns ${columns}`, does: 'put back just these columns of the selected rows' }]
}

/** What is in the way, in a sentence. */
export const formatConflict = (conflict: Conflict): string => sanitise(wordConflict(conflict, formatTable))

const groupOf = ({ table, kind, constraint, answers, helps }: Conflict): string =>
  JSON.stringify([table, kind, constraint, answers.map(({ answer }) => answer), helps])

const formatGroup = (
  conflicts: readonly Conflict[],
  { width, style, canNameColumns }: Setting & { readonly canNameColumns: boolean },
): readonly string[] => {
  const [first] = conflicts
  if (first === undefined) return []
  const ways = waysOut(first, { alike: conflicts, canNameColumns })
  const rest = conflicts.length - most
  return [
    '',
    ...conflicts
      .slice(0, most)
      .flatMap((conflict) => indent(`! ${formatConflict(conflict)}`, { width, by: 1, hanging: 2 }))
      .map(style.conflict),
    ...(rest > 0 ? [style.conflict(`   and ${formatCount(rest)} more like these`)] : []),
    ...formatColumns(
      ways.map(({ flag, does }) => [flag, does]),
      { width, indent: 5, gap: 3 },
    ),
    ...(ways.length === 0 ? ['     No answer helps here: leave the row out of the selection.'] : []),
  ]
}

const stateOf = (plan: Plan, { id }: Conflict): Answer => plan.answers[id] ?? 'stop'

/** Conflicts without an answer. */
export const openOnes = (plan: Plan): readonly Conflict[] =>
  plan.conflicts.filter((conflict) => stateOf(plan, conflict) === 'stop')

const formatOpen = (plan: Plan, conflicts: readonly Conflict[], setting: Setting): readonly string[] => {
  if (conflicts.length === 0) return []
  const needs = conflicts.length === 1 ? 'needs an answer' : 'need an answer'
  return [
    '',
    setting.style.heading(`${plural(conflicts.length, 'conflict')} ${needs} before anything can be written`),
    ...[...Map.groupBy(conflicts, groupOf).values()].flatMap((group) =>
      formatGroup(group, { ...setting, canNameColumns: selectsOneTable(plan) }),
    ),
  ]
}

const answered = (plan: Plan, conflict: Conflict, width: number): readonly string[] => {
  const answer = stateOf(plan, conflict)
  const given = isAgain(conflict, answer) ? '--again' : answer
  const said = sanitise(`${given}, ${wordAnswer(conflict, answer)}`)
  return indent(`${formatConflict(conflict)} · ${said}`, { width, by: 2, hanging: 2 })
}

const formatAnswered = (plan: Plan, conflicts: readonly Conflict[], { width, style }: Setting): readonly string[] => {
  if (conflicts.length === 0) return []
  const groups = Map.groupBy(conflicts, (conflict) => `${groupOf(conflict)} ${stateOf(plan, conflict)}`)
  return [
    '',
    style.heading(`${plural(conflicts.length, 'conflict')}, answered`),
    ...[...groups.values()].flatMap((group) => [
      ...group.slice(0, most).flatMap((conflict) => answered(plan, conflict, width)),
      ...(group.length > most ? [`  and ${formatCount(group.length - most)} more like these`] : []),
    ]),
  ]
}

/** Rows that are back already are listed with the rows: nothing was decided about them. */
const isBack = (plan: Plan, conflict: Conflict): boolean =>
  conflict.kind === 'looks restored' && conflict.of === undefined && stateOf(plan, conflict) === 'skip'

/** All conflicts of a plan: those that are answered, then those that still need an answer. */
export const formatConflicts = (plan: Plan, setting: Setting): readonly string[] => {
  const open = openOnes(plan)
  const closed = plan.conflicts.filter((conflict) => stateOf(plan, conflict) !== 'stop' && !isBack(plan, conflict))
  return [...formatAnswered(plan, closed, setting), ...formatOpen(plan, open, setting)]
}
