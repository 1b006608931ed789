/** Conflicts: reasons why rows cannot proceed, as data, with the answers that resolve them and what each answer does. Pure. */
import { displayAlone } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import type { Answer, Decider, Finding, FindingKind, FindingPart, Help } from './finding.ts'

export interface Conflict {
  /** Stable over re-planning: `public.gallery:7:unique taken`. */
  readonly id: string
  readonly kind: FindingKind
  readonly table: string
  /** The backup row, as displayed; empty where the conflict is about the whole table. */
  readonly key: string
  /** Constraint or index, where one is concerned. */
  readonly constraint: string | null
  /** Columns of the constraint with the backup's values. */
  readonly columns: readonly string[]
  readonly values: readonly (string | null)[]
  /** The live rows in the way, as displayed. */
  readonly live: readonly string[]
  /** One sentence. */
  readonly text: string
  readonly answers: readonly { readonly answer: Answer; readonly does: string }[]
  /** Flags that settle it as well. */
  readonly helps?: readonly Help[]
  /** For a changed parent: of how many columns that tell records apart `columns` differ. */
  readonly of?: number
  /** For a changed parent: how many rows of which tables would come to refer to it. */
  readonly uses?: readonly { readonly table: string; readonly rows: number }[]
  /** For a trigger: it fires with triggers off too. */
  readonly firesAlways?: boolean
}

type Taken = Pick<Finding, 'constraint' | 'columns' | 'values' | 'live'>

const quoteValues = ({ columns, values }: Taken): string =>
  columns.map((name, position) => `${displayAlone(name)} ${values[position] ?? 'NULL'}`).join(', ')

/** What is wanted twice: the index's expressions, where it is not the columns themselves that collide. */
const quoteWanted = (finding: Finding): string =>
  finding.expressions === undefined
    ? quoteValues(finding)
    : `${quoteValues(finding)} (${finding.expressions.join(', ')})`

const nameRows = ({ live }: Taken): string => live.map((key) => `live row ${key}`).join(' and ')

const nameConstraint = ({ constraint }: Taken): string => (constraint === null ? '' : ` (${constraint})`)

const describeParts = (parts: readonly FindingPart[]): string =>
  parts
    .map((part, position) => {
      if (part.isExclusion) return `${quoteValues(part)} conflicts with ${nameRows(part)}`
      const belongs = position === 0 || parts[position - 1]?.isExclusion ? 'belongs to' : 'to'
      return `${quoteValues(part)} ${belongs} ${nameRows(part)}${nameConstraint(part)}`
    })
    .join(', ')

/** Columns that differ, and how many of those that tell records apart they are. */
const describeShare = ({ columns, of = 0 }: Finding): string => {
  const all = columns.length === of ? 'all that tells' : `${columns.length} of ${of} columns that tell`
  return `${columns.map(displayAlone).join(', ')} (${all} records apart)`
}

const describeChanged = (finding: Finding): string => {
  const into = (finding.uses ?? []).map(({ table, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} of ${table}`)
  const what = into.length === 0 ? 'what is missing below it' : into.join(', ')
  const would = finding.isRevived ? 'its mark as deleted would be taken off' : `${what} would go to it`
  return `${nameRows(finding)} has other values in ${describeShare(finding)} and may be another record; ${would}`
}

/** What is in the way of a row, without the row. */
const describe = (finding: Finding): string => {
  const live = nameRows(finding)
  switch (finding.kind) {
    case 'key taken':
      return `${quoteValues(finding)} belongs to another record by now${nameConstraint(finding)}`
    case 'unique taken':
      return finding.expressions === undefined
        ? `${quoteValues(finding)} belongs to ${live}${nameConstraint(finding)}`
        : `${quoteValues(finding)} collides with ${live} on ${finding.expressions.join(', ')}`
    case 'unique twice':
      return `${quoteWanted(finding)} goes to row ${finding.detail ?? ''} of this plan${nameConstraint(finding)}`
    case 'exclusion':
      return `${quoteValues(finding)} conflicts with ${live}`
    case 'several live rows':
      return describeParts(finding.parts ?? [])
    case 'missing parent':
      return finding.detail ?? 'its parent is missing'
    case 'changed':
      return finding.of === undefined
        ? `live has it with other values in ${finding.columns.map(displayAlone).join(', ')}`
        : `live has other values in ${describeShare(finding)} too, and may have another record there`
    case 'parent changed':
      return describeChanged(finding)
    case 'edited since':
      return `edited since: live has neither the backup's value nor the UPDATE's in ${finding.columns.map(displayAlone).join(', ')}`
    case 'looks restored':
      return finding.of === undefined
        ? `looks restored already as ${live}`
        : `was restored as ${live}, which has other values in ${describeShare(finding)} and may be another record`
    case 'enum label':
      return finding.detail ?? "live's type lacks a label"
    case 'large object':
      return finding.detail ?? 'live lacks a large object'
    case 'partition':
      return finding.detail ?? 'live has no partition for it'
    case 'triggers':
      return finding.detail ?? 'a trigger reaches outside the database'
  }
}

const effects = (finding: Finding): Readonly<Record<Answer, string>> => {
  const live = finding.live[0] ?? ''
  return {
    stop: 'refuse the plan',
    skip:
      finding.kind === 'parent changed'
        ? 'leave out what would go to it'
        : finding.kind === 'edited since'
          ? 'leave these columns as they are in live'
          : 'leave the row out, and what came only because of it',
    attach: `take live row ${live} for it: what belongs to the row goes there`,
    match: `let live row ${live} stand in: what belongs to the row goes to it`,
    overwrite:
      finding.kind === 'changed' || finding.kind === 'edited since'
        ? "put the backup's values back; later edits of these columns are lost"
        : `replace live row ${live}'s other values by the backup's; later edits are lost`,
    allocate:
      finding.kind === 'looks restored'
        ? `insert it beside live row ${live}`
        : finding.kind === 'parent changed'
          ? "bring the backup's row back beside it, under a new key: what belongs to the row goes there"
          : 'restore it beside the live row, under a new key',
  }
}

/** The conflict that a finding is. */
export const makeConflict = (finding: Finding): Conflict => {
  const does = effects(finding)
  return {
    id: [finding.table, finding.key, finding.kind, ...(finding.constraint === null ? [] : [finding.constraint])].join(
      ':',
    ),
    kind: finding.kind,
    table: finding.table,
    key: finding.key,
    constraint: finding.constraint,
    columns: finding.columns,
    values: finding.values,
    live: finding.live,
    text: `${finding.kind === 'triggers' ? finding.table : `${finding.table} ${finding.key}`}: ${describe(finding)}`,
    answers: (['stop', ...finding.possible] as const).map((answer) => ({ answer, does: does[answer] })),
    ...(finding.helps === undefined ? {} : { helps: finding.helps }),
    ...(finding.of === undefined ? {} : { of: finding.of }),
    ...(finding.uses === undefined ? {} : { uses: finding.uses }),
    ...(finding.firesAlways === undefined ? {} : { firesAlways: finding.firesAlways }),
  }
}

/** Answers by conflict id; and by row (`public.photo:7`), by table, with `*` for all others. */
export interface Answers {
  readonly byId: Readonly<Record<string, Answer>>
  readonly byTable: Readonly<Record<string, Answer>>
  readonly again: boolean
}

/** The answer that holds for a conflict: its own, else its row's, else its table's, else everybody's; `stop` where that answer does not apply. */
export const answerTo = (conflict: Conflict, given: Answers, fallback: Answer = 'stop'): Answer => {
  const row = given.byTable[`${conflict.table}:${conflict.key}`]
  const fits = conflict.answers.some(({ answer }) => answer === row)
  const own = given.byId[conflict.id] ?? (fits ? row : undefined)
  if (conflict.kind === 'looks restored' && conflict.of === undefined && own === undefined)
    return given.again ? 'allocate' : 'skip'
  // Nothing newer is overwritten unasked, and leaving it is no reason to stop.
  const otherwise = conflict.kind === 'edited since' ? 'skip' : fallback
  const wanted = own ?? row ?? given.byTable[conflict.table] ?? given.byTable['*'] ?? otherwise
  return conflict.answers.some(({ answer }) => answer === wanted) ? wanted : otherwise
}

/** Throws `decision-needed` for an answer to a row whose conflicts are open all the same: none of them takes it. A row that is back by now needs none. */
export const refuseUnfitting = ({ conflicts, answers: given }: ConflictLog, byTable: Answers['byTable']): void => {
  for (const [rows, answer] of Object.entries(byTable)) {
    const own = conflicts.filter(({ id, table, key }) => `${table}:${key}` === rows && given[id] === 'stop')
    const taken = new Set(own.flatMap(({ answers }) => answers.map((known) => known.answer)))
    if (own.length === 0 || taken.has(answer)) continue
    throw new RowgraftError('decision-needed', `--on-conflict ${rows}=${answer}: that is no answer to it`, {
      detail: own.map(({ text }) => text).join('\n'),
      hint: `What it takes is ${[...taken].join(', ')}.`,
    })
  }
}

/** The row is not met as it was again: left out, or on its way back beside live's. */
const isSettled = ({ conflict, answer }: Pick<Seen, 'conflict' | 'answer'>): boolean =>
  answer === 'skip' || (answer === 'allocate' && /^((parent )?changed|looks restored)$/.test(conflict.kind))

interface Seen {
  readonly conflict: Conflict
  readonly answer: Answer
  /** What is in the way, without the row. */
  readonly said: string
}

/** Collects the conflicts of one planning over its rounds: answered ones stay, open ones are found again in each round. */
export class ConflictLog implements Decider {
  readonly #given: Answers
  readonly #seen = new Map<string, Seen>()

  constructor(given: Answers) {
    this.#given = given
  }

  decide(finding: Finding): Answer {
    const conflict = makeConflict(finding)
    const answer = answerTo(conflict, this.#given, finding.otherwise)
    this.#seen.set(conflict.id, { conflict, answer, said: describe(finding) })
    return answer
  }

  nextRound(): void {
    for (const [id, seen] of this.#seen) if (!isSettled(seen)) this.#seen.delete(id)
  }

  /** Drops skipped rows that turned out to be out of the plan anyway. */
  forget(isOut: (conflict: Conflict) => boolean): void {
    for (const [id, { conflict, answer }] of this.#seen) {
      if (isSettled({ conflict, answer }) && conflict.key !== '' && isOut(conflict)) this.#seen.delete(id)
    }
  }

  get conflicts(): readonly Conflict[] {
    return [...this.#seen.values()].map(({ conflict }) => conflict)
  }

  /** Conflicts answered `skip`, and what is in the way of each row. */
  get skipped(): readonly Pick<Seen, 'conflict' | 'said'>[] {
    return [...this.#seen.values()].filter(({ answer }) => answer === 'skip')
  }

  get answers(): Readonly<Record<string, Answer>> {
    return Object.fromEntries([...this.#seen].map(([id, { answer }]) => [id, answer]))
  }
}
