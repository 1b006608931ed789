/** The conditions that say most about which rows of a sample are lost, in the fewest words. Pure. */
import { type CodedSample, fates } from './sample.ts'
import { type CodeTest, hullsOf, passes, type Tally, tally, testsOf } from './tests.ts'
import {
  type CodeTerm,
  type ColumnFacts,
  type Held,
  type Proposal,
  type TalliedSample,
  tallySample,
  weigh,
} from './worth.ts'

const heldOf = (sums: readonly number[]): Held => ({
  stayed: sums[fates.stayed] ?? 0,
  changed: sums[fates.changed] ?? 0,
  again: sums[fates.again] ?? 0,
  open: sums[fates.open] ?? 0,
})

/** Rows with a value for which a test passes, by what became of them. */
const countPassing = (own: Tally, test: CodeTest): Held => {
  const sums = [0, 0, 0, 0, 0]
  const add = (code: number): void => {
    for (const fate of sums.keys()) sums[fate] = (sums[fate] ?? 0) + (own.counts[fate]?.[code] ?? 0)
  }
  if (test.is === 'value') add(test.code)
  else if (test.is === 'among') for (const code of test.codes) add(code)
  else for (let code = 1; code <= own.last; code++) if (passes(test, code)) add(code)
  return heldOf(sums)
}

/** A range only of values that have an order for people. */
const isSaid = ({ columns }: TalliedSample, feature: number, test: CodeTest): boolean =>
  test.is !== 'range' || columns[feature]?.hasRanges === true

const proposeAlone = (tallied: TalliedSample): readonly Proposal[] =>
  tallied.tallies.flatMap((own, feature) =>
    own.distinct < 2
      ? []
      : testsOf(own)
          .filter((test) => isSaid(tallied, feature, test))
          .flatMap((test) => weigh(tallied, [{ feature, test }], countPassing(own, test)) ?? []),
  )

const everyRow = (tallied: TalliedSample): readonly Proposal[] => {
  const sums = [0, 0, 0, 0, 0]
  for (const fate of tallied.sample.fates) sums[fate] = (sums[fate] ?? 0) + 1
  const found = weigh(tallied, [], heldOf(sums))
  return found === null ? [] : [found]
}

/** Rows by their keys say nothing that a list of them would not. */
const isByKey = (tallied: TalliedSample, own: Tally, test: CodeTest): boolean =>
  (test.is === 'among' || test.is === 'other') && own.distinct > tallied.rows * 0.9

/** Values of one column that are looked into, and how much is looked at in all. */
const mostValues = 4
const mostLooks = 20_000_000

/** Values that some of the lost rows have and some of those that stayed, of most lost rows first. */
const mixedCodes = ({ counts }: Tally): readonly number[] => {
  const [open, stayed] = [counts[fates.open], counts[fates.stayed]]
  const mixed = [...(open?.keys() ?? [])].filter((code) => (open?.[code] ?? 0) > 1 && (stayed?.[code] ?? 0) > 0)
  return mixed.sort((a, b) => (open?.[b] ?? 0) - (open?.[a] ?? 0)).slice(0, mostValues)
}

/** One column has a value, and among the rows that have it another one tells which are lost. */
const proposeWithin = (tallied: TalliedSample): readonly Proposal[] => {
  const { sample, tallies } = tallied
  const found: Proposal[] = []
  const codesInAll = tallies.reduce((sum, { last }) => sum + last, 0)
  const places = [...tallies.entries()].filter(([, { distinct }]) => distinct > 1)
  let looks = 0
  for (const [feature, own] of places.sort(([, a], [, b]) => a.distinct - b.distinct)) {
    const codes = sample.codes[feature] ?? new Int32Array()
    for (const code of mixedCodes(own)) {
      const rows = [...codes.keys()].filter((row) => codes[row] === code)
      looks += rows.length * tallies.length + codesInAll
      if (looks > mostLooks) return found
      found.push(...proposeAmong(tallied, { feature, test: { is: 'value', code } }, rows))
    }
  }
  return found
}

/** What other columns tell of the rows for which a term holds. */
const proposeAmong = (tallied: TalliedSample, within: CodeTerm, rows: readonly number[]): readonly Proposal[] => {
  const { sample, tallies } = tallied
  const found: Proposal[] = []
  for (const [other, values] of sample.codes.entries()) {
    if (other === within.feature) continue
    const part = tally(values, sample, rows)
    if (part.distinct < 2) continue
    for (const test of testsOf(part)) {
      if (!isSaid(tallied, other, test) || isByKey(tallied, tallies[other] ?? part, test)) continue
      const term: CodeTerm = { feature: other, test }
      const terms = other < within.feature ? [term, within] : [within, term]
      const better = weigh(tallied, terms, countPassing(part, test))
      if (better !== null) found.push(better)
    }
  }
  return found
}

/** A test that every open row passes, and which of the other rows pass it, a bit each. */
interface Hull {
  readonly term: CodeTerm
  readonly passing: Uint32Array
}

const countBits = (word: number): number => {
  let [bits, left] = [0, word]
  for (; left !== 0; left &= left - 1) bits++
  return bits
}

/** Two columns, each of which all open rows pass, and hardly any other row both. */
const proposeBoth = (tallied: TalliedSample): readonly Proposal[] => {
  const { sample, tallies } = tallied
  const others = [...sample.fates.keys()].filter((row) => (sample.fates[row] ?? 0) < fates.lost)
  const hulls = tallies.flatMap((own, feature): readonly Hull[] => {
    const codes = sample.codes[feature] ?? new Int32Array()
    return (
      own.distinct < 2
        ? []
        : hullsOf(own).filter((test) => isSaid(tallied, feature, test) && !isByKey(tallied, own, test))
    ).map((test) => {
      const passing = new Uint32Array(Math.ceil(others.length / 32))
      for (const [place, row] of others.entries())
        if (passes(test, codes[row] ?? 0)) passing[place >> 5] = (passing[place >> 5] ?? 0) | (1 << (place & 31))
      return { term: { feature, test }, passing }
    })
  })
  const found: Proposal[] = []
  for (const [place, a] of hulls.entries()) {
    for (const b of hulls.slice(place + 1)) {
      if (a.term.feature === b.term.feature) continue
      const both = a.passing.map((word, at) => word & (b.passing[at] ?? 0))
      const count = both.reduce((sum, word) => sum + countBits(word), 0)
      if (count > tallied.open) continue
      const sums = [0, 0, 0, 0, tallied.open]
      for (const [at, row] of count === 0 ? [] : others.entries()) {
        const fate = sample.fates[row] ?? 0
        if (((both[at >> 5] ?? 0) & (1 << (at & 31))) !== 0) sums[fate] = (sums[fate] ?? 0) + 1
      }
      const better = weigh(tallied, [a.term, b.term], heldOf(sums))
      if (better !== null) found.push(better)
    }
  }
  return found
}

const mostProposals = 5

/** What one column says in so few bits, two say in no fewer. */
const isSettled = (best: Proposal | undefined, { open }: TalliedSample): boolean =>
  best !== undefined && best.open === open && best.stayed + best.changed === 0 && best.bits < 16

/** Conditions worth looking at, the best first. */
export const searchConditions = (sample: CodedSample, columns: readonly ColumnFacts[]): readonly Proposal[] => {
  const tallied = tallySample(sample, columns)
  if (tallied.open < 2) return []
  const byRank = (a: Proposal, b: Proposal): number =>
    b.rank - a.rank || a.bits - b.bits || a.terms.length - b.terms.length
  const alone = [...everyRow(tallied), ...proposeAlone(tallied)].sort(byRank)
  const both = isSettled(alone[0], tallied) ? [] : [...proposeWithin(tallied), ...proposeBoth(tallied)]
  return [...alone, ...both].sort(byRank).slice(0, mostProposals)
}
