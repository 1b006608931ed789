/** Plays many cases, makes the first of each kind of fault as small as it gets, and tells how to try it by hand. */
import fc from 'fast-check'
import { withDatabases } from '../databases.ts'
import { withClient } from '../queries.ts'
import { type Ground, playCase } from './case.ts'
import { count, type Fault, nameless, type Tally } from './faults.ts'
import { smallerCases } from './smaller.ts'
import { type CaseSpec, cases } from './spec.ts'

/** Cases on one pair of databases: the catalogs of a database that tables come and go in grow. */
const perPair = 100

/** Cases that are tried to make one smaller. */
const mostTries = 80

interface Kind {
  readonly fault: Fault
  /** The seed of the first case. */
  readonly seed: number
  readonly story: string
  times: number
}

export interface Hunt {
  readonly seed: number
  readonly count: number
  readonly hasTriggers: boolean
}

const withGround = <T>(work: (ground: Ground) => Promise<T>): Promise<T> =>
  withDatabases('', (pair) =>
    withClient(pair.live, (onLive) => withClient(pair.backup, (onBackup) => work({ ...pair, onLive, onBackup }))),
  )

/** A case that cannot be played is a fault too: of the program where it is opened, or of the test. */
const play = async (ground: Ground, spec: CaseSpec, tally: Tally): ReturnType<typeof playCase> => {
  try {
    return await playCase(ground, spec, tally)
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const kind = `it cannot be played: ${nameless(text)}`
    return { faults: [{ kind, detail: `${text}\n${JSON.stringify(spec)}` }], story: '' }
  }
}

const nth = (spec: CaseSpec, at: number): CaseSpec | undefined => [...smallerCases(spec)][at]

/** The smallest case found that still has a fault of this kind. */
const shrink = async (ground: Ground, spec: CaseSpec, kind: string): Promise<Pick<Kind, 'fault' | 'story'> | null> => {
  let smallest: Pick<Kind, 'fault' | 'story'> | null = null
  let current = spec
  let left = mostTries
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    // What did not help before hardly helps now: go on behind it, and begin again only at the end.
    for (let at = 0, next = nth(current, 0); next !== undefined && left-- > 0; next = nth(current, at)) {
      const { faults, story } = await play(ground, next, new Map())
      const fault = faults.find((each) => each.kind === kind)
      if (fault === undefined) at++
      else {
        smallest = { fault, story }
        current = next
        isSmaller = true
      }
    }
  }
  return smallest
}

/** Plays the cases of a hunt. Resolves to the kinds of faults found, each with its smallest case. */
const playAll = async ({ seed, count: total, hasTriggers }: Hunt, tally: Tally): Promise<ReadonlyMap<string, Kind>> => {
  const kinds = new Map<string, Kind>()
  const arbitrary = cases({ hasTriggers })
  for (let first = 0; first < total; first += perPair) {
    await withGround(async (ground) => {
      for (let at = first; at < Math.min(total, first + perPair); at++) {
        const own = (seed + at) | 0
        const [spec] = fc.sample(arbitrary, { seed: own, numRuns: 1, unbiased: true })
        if (spec === undefined) throw new Error('no case')
        const { faults, story } = await play(ground, spec, tally)
        count(tally, 'cases')
        for (const kind of new Set(faults.map((fault) => fault.kind))) {
          const known = kinds.get(kind)
          const fault = faults.find((each) => each.kind === kind)
          if (known !== undefined) known.times++
          else if (fault !== undefined) {
            const smallest = await shrink(ground, spec, kind)
            kinds.set(kind, { fault, story, seed: own, times: 1, ...smallest })
          }
        }
      }
    })
  }
  return kinds
}

const tell = (kind: string, { fault, seed, story, times }: Kind): string =>
  [`== ${kind}: ${times} cases, the first with ROWGRAFT_SEED=${seed} ROWGRAFT_CASES=1`, fault.detail, story].join('\n')

/** Throws with every kind of fault that the cases show. */
export const hunt = async (own: Hunt): Promise<void> => {
  const tally: Tally = new Map()
  const kinds = await playAll(own, tally)
  const counts = [...tally].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, times]) => `  ${times} ${name}`)
  console.log([`ROWGRAFT_SEED=${own.seed} ROWGRAFT_CASES=${own.count}`, ...counts].join('\n'))
  if (kinds.size === 0) return
  const sorted = [...kinds].sort(([, a], [, b]) => b.times - a.times)
  const summary = sorted.map(([kind, { times }]) => `  ${times} ${kind}`)
  throw new Error(
    [`faults of ${kinds.size} kinds`, ...summary, '', ...sorted.map(([kind, found]) => tell(kind, found))].join('\n'),
  )
}
