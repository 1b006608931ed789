/** Faults at and around COMMIT, at random: which message, what is done to it, and what becomes of connections made later. */
import fc from 'fast-check'
import { frame, type Judge, type Judgement, type Lie, type SaidError } from './fault-proxy.ts'

/** COMMIT, the first or the second one; or the nth message from BEGIN on. */
export type Place = { readonly commit: number } | { readonly message: number }

export interface CommitFault {
  readonly place: Place
  readonly judgement: Judgement
  /** Ctrl-C as the message is sent. */
  readonly interrupt: 'then' | 'never'
  /** Whether live can be asked afterwards. */
  readonly later: 'forward' | 'cut'
}

/** Severities as servers say them in field S, in several languages. */
const spoken = {
  ERROR: ['ERROR', 'FEHLER', 'ОШИБКА'],
  FATAL: ['FATAL', '致命的エラー'],
  PANIC: ['PANIC', 'PANIK'],
} as const

const sqlstates = ['53300', '57P01', '57P02', '58000', 'XX000', '08P01', '08006', '25P02', '40001', '57014'] as const

const errors: fc.Arbitrary<SaidError> = fc.constantFrom('ERROR', 'FATAL', 'PANIC').chain((severity) =>
  fc.record({
    severity: fc.constant(severity),
    localised: fc.constantFrom(...spoken[severity]),
    sqlstate: fc.constantFrom(...sqlstates),
  }),
)

const lies: fc.Arbitrary<Lie> = fc.record({
  request: fc.constantFrom('passed on', 'kept back'),
  error: fc.option(errors, { freq: 6, nil: null }),
  place: fc.constantFrom('instead', 'before', 'behind'),
  readyForQuery: fc.constantFrom('follows', 'is left out'),
  connection: fc.constantFrom('is closed', 'is left open'),
})

/** Only for an answer to COMMIT is there a limit to how long it is waited for; and a ROLLBACK that nobody answers takes seconds. */
const answered = (lie: Lie): Lie => {
  const isSilent = lie.error === null || (lie.readyForQuery === 'is left out' && lie.error.localised !== 'FATAL')
  return isSilent ? { ...lie, connection: 'is closed' } : lie
}

const breaks: readonly Judgement[] = ['cut', 'forward and cut', 'lose reply']
const garbage: Judgement = { answer: frame('?', Buffer.alloc(0)) }

const judgements = (tell: (lie: Lie) => Lie, others: readonly Judgement[]): fc.Arbitrary<Judgement> =>
  fc.oneof({ weight: 8, arbitrary: lies.map((lie): Judgement => ({ lie: tell(lie) })) }, fc.constantFrom(...others))

/** Two in three at COMMIT. `messages` is how many there are from BEGIN on. */
export const commitFaults = (messages: number): fc.Arbitrary<CommitFault> => {
  const rest = {
    interrupt: fc.oneof({ weight: 9, arbitrary: fc.constant('never' as const) }, fc.constant('then' as const)),
    later: fc.oneof({ weight: 9, arbitrary: fc.constant('forward' as const) }, fc.constant('cut' as const)),
  }
  const atCommit = fc.record({
    place: fc.constantFrom<Place>({ commit: 1 }, { commit: 1 }, { commit: 2 }),
    judgement: judgements((lie) => lie, [...breaks, garbage]),
    ...rest,
  })
  const around = fc.record({
    place: fc.integer({ min: 1, max: messages + 1 }).map((message): Place => ({ message })),
    judgement: judgements(answered, breaks),
    ...rest,
  })
  return fc.oneof({ weight: 2, arbitrary: atCommit }, around)
}

const isBegin = (text: string): boolean => text.startsWith('begin isolation level read committed read write')
export const isCommit = (text: string): boolean => text === 'commit\0'

/** Does this once to the message that the fault is for; counts the messages from BEGIN on. */
export const judgeFault = (
  { place, judgement, later }: Omit<CommitFault, 'interrupt'>,
  onFault: () => void = () => undefined,
): { readonly judge: Judge; readonly count: () => number } => {
  let [seen, commits, isMet] = [0, 0, false]
  const judge: Judge = ({ text }) => {
    if (isMet) return later
    if (seen === 0 && !isBegin(text)) return 'forward'
    seen += 1
    if (isCommit(text)) commits += 1
    isMet = 'commit' in place ? isCommit(text) && commits === place.commit : seen === place.message
    if (!isMet) return 'forward'
    onFault()
    return judgement
  }
  return { judge, count: () => seen }
}
