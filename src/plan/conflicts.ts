/** Conflicts: reasons why rows cannot proceed, as data, with the answers that resolve them. Pure: `format/` words them. */
import { RowgraftError } from '../errors.ts'
import type { Answer, Decider, Finding, Help, InTheWay } from './finding.ts'

/** What is in the way of a row, and what takes it out of the way. */
export interface Conflict extends InTheWay {
  /** Stable over re-planning: `public.gallery:7:unique taken`. */
  readonly id: string
  readonly table: string
  /** The backup row, as displayed; empty where the conflict is about the whole table. */
  readonly key: string
  readonly answers: readonly {
    readonly answer: Answer
    /** What it does, in a plan of before. */
    readonly does?: string
  }[]
  /** What settles it as well. */
  readonly helps?: readonly (Help | WordedHelp)[]
  /** The sentence, in a plan of before, which may lack facts that it tells. */
  readonly text?: string
}

/** A help as plans of before have it: in words alone. */
export interface WordedHelp {
  readonly flag: string
  readonly does: string
}

/** The conflict that a finding is. */
export const makeConflict = ({ possible, otherwise: _, helps, table, key, ...inTheWay }: Finding): Conflict => {
  const { kind, constraint } = inTheWay
  return {
    id: [table, key, kind, ...(constraint === null ? [] : [constraint])].join(':'),
    table,
    key,
    ...inTheWay,
    answers: (['stop', ...possible] as const).map((answer) => ({ answer })),
    ...(helps === undefined ? {} : { helps }),
  }
}

/** What is in the way, without the row. */
export const inTheWayOf = ({ id, table, key, answers: _, helps, text, ...inTheWay }: Conflict): InTheWay => inTheWay

/** Conflicts stand in the way of what is asked for: they are its detail. */
export class ConflictError extends RowgraftError {
  readonly conflicts: readonly Conflict[]

  constructor(
    message: string,
    { conflicts, hint }: { readonly conflicts: readonly Conflict[]; readonly hint: string },
  ) {
    super('decision-needed', message, { hint })
    this.conflicts = conflicts
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

/** Throws a `ConflictError` for an answer to a row whose conflicts are open all the same: none of them takes it. A row that is back by now needs none. */
export const refuseUnfitting = ({ conflicts, answers: given }: ConflictLog, byTable: Answers['byTable']): void => {
  for (const [rows, answer] of Object.entries(byTable)) {
    const own = conflicts.filter(({ id, table, key }) => `${table}:${key}` === rows && given[id] === 'stop')
    const taken = new Set(own.flatMap(({ answers }) => answers.map((known) => known.answer)))
    if (own.length === 0 || taken.has(answer)) continue
    throw new ConflictError(`--on-conflict ${rows}=${answer}: that is no answer to it`, {
      conflicts: own,
      hint: `What it takes is ${[...taken].join(', ')}.`,
    })
  }
}

/** The row is not met as it was again: left out, or on its way back beside live's. */
const isSettled = ({ conflict, answer }: Seen): boolean =>
  answer === 'skip' || (answer === 'allocate' && /^((parent )?changed|looks restored)$/.test(conflict.kind))

interface Seen {
  readonly conflict: Conflict
  readonly answer: Answer
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
    this.#seen.set(conflict.id, { conflict, answer })
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

  /** Conflicts answered `skip`. */
  get skipped(): readonly Conflict[] {
    return [...this.#seen.values()].filter(({ answer }) => answer === 'skip').map(({ conflict }) => conflict)
  }

  get answers(): Readonly<Record<string, Answer>> {
    return Object.fromEntries([...this.#seen].map(([id, { answer }]) => [id, answer]))
  }
}
