/** What one column could be asked, by the numbers of its values, so that the answer is yes for lost rows alone. Pure. */
import { type CodedSample, fates } from './sample.ts'

/** As `Test`, with the numbers of values; 0 is no value. */
export type CodeTest =
  | { readonly is: 'value'; readonly code: number }
  | { readonly is: 'among'; readonly codes: readonly number[] }
  | { readonly is: 'other'; readonly codes: readonly number[] }
  | {
      readonly is: 'range'
      readonly first: number
      readonly last: number
      readonly hasFirst: boolean
      readonly hasLast: boolean
    }

export const passes = (test: CodeTest, code: number): boolean => {
  switch (test.is) {
    case 'value':
      return code === test.code
    case 'among':
      return test.codes.includes(code)
    case 'other':
      return code !== 0 && !test.codes.includes(code)
    case 'range':
      return code !== 0 && (!test.hasFirst || code >= test.first) && (!test.hasLast || code <= test.last)
  }
}

/** For each value of a column, how many rows of each fate have it. */
export interface Tally {
  /** Values that any row of the sample has, none included. */
  readonly distinct: number
  /** The greatest number of a value. */
  readonly last: number
  /** By number of a value. */
  readonly counts: { readonly [fate: number]: Int32Array }
}

export const tally = (codes: Int32Array, { fates: own }: Pick<CodedSample, 'fates'>, rows: Iterable<number>): Tally => {
  let last = 0
  for (const code of codes) if (code > last) last = code
  const counts = Object.fromEntries(Object.values(fates).map((fate) => [fate, new Int32Array(last + 1)]))
  for (const row of rows) {
    const [code = 0, of] = [codes[row], counts[own[row] ?? fates.stayed]]
    if (of !== undefined) of[code] = (of[code] ?? 0) + 1
  }
  const among = Object.values(counts)
  let distinct = 0
  for (let code = 0; code <= last; code++) if (among.some((of) => (of[code] ?? 0) > 0)) distinct++
  return { distinct, last, counts }
}

/** Of the rows that have a value, so few stayed that it may explain those that are lost. */
const isLost = ({ counts }: Tally, code: number): boolean => {
  const [open, stayed] = [counts[fates.open]?.[code] ?? 0, counts[fates.stayed]?.[code] ?? 0]
  return stayed === 0 || (open >= 10 && stayed * 9 <= open)
}

const hasOpen = ({ counts }: Tally, code: number): boolean => (counts[fates.open]?.[code] ?? 0) > 0

const hasRows = ({ counts }: Tally, code: number): boolean => Object.values(counts).some((of) => (of[code] ?? 0) > 0)

/** Values that are next to each other among those of the column, and lost. */
interface Run {
  first: number
  last: number
  values: number
}

const runsOf = (own: Tally): readonly Run[] => {
  const runs: Run[] = []
  let run: Run | null = null
  for (let code = 1; code <= own.last; code++) {
    if (!isLost(own, code)) run = null
    else if (hasOpen(own, code)) {
      if (run === null) {
        run = { first: code, last: code, values: 0 }
        runs.push(run)
      }
      run.last = code
      run.values++
    }
  }
  return runs
}

/** A range as it reads best: one that nothing comes before, or after, has no end there. */
const makeRange = (own: Tally, first: number, last: number): CodeTest => {
  const isRow = (from: number, to: number): boolean => {
    for (let code = from; code <= to; code++) if (hasRows(own, code)) return true
    return false
  }
  const [hasFirst, hasLast] = [isRow(1, first - 1), isRow(last + 1, own.last)]
  if (!hasFirst && !hasLast) return { is: 'other', codes: [] }
  return { is: 'range', first, last, hasFirst, hasLast }
}

const longestList = 100
const longestExcept = 12

const codesWith = (own: Tally, isMeant: (code: number) => boolean): readonly number[] => {
  const codes: number[] = []
  for (let code = 1; code <= own.last; code++) if (isMeant(code)) codes.push(code)
  return codes
}

/** Rows that have the value are in live as they always were, or changed. */
const isThere = ({ counts }: Tally, code: number): boolean =>
  (counts[fates.stayed]?.[code] ?? 0) + (counts[fates.changed]?.[code] ?? 0) > 0

/** Values as a list, and as all values but some, whichever are not too many. */
const listsOf = (own: Tally, wanted: readonly number[]): readonly CodeTest[] => {
  if (wanted.length === 0) return []
  const some = new Set(wanted)
  const others = codesWith(own, (code) => !some.has(code) && isThere(own, code))
  const tests: CodeTest[] = []
  if (wanted.length > 1 && wanted.length <= longestList) tests.push({ is: 'among', codes: wanted })
  if (others.length > 0 && others.length <= longestExcept) tests.push({ is: 'other', codes: others })
  return tests
}

const mostRuns = 5
const mostSingle = 40

/** Tests that pass for lost rows, and for few others if any: values, ranges, lists. */
export const testsOf = (own: Tally): readonly CodeTest[] => {
  const openIn = (code: number): number => own.counts[fates.open]?.[code] ?? 0
  const lost = codesWith(own, (code) => isLost(own, code) && hasOpen(own, code))
  const single = lost.filter((code) => openIn(code) > 1).sort((a, b) => openIn(b) - openIn(a))
  const runs = runsOf(own).filter(({ values }) => values > 1)
  const longest = runs.toSorted((a, b) => b.values - a.values).slice(0, mostRuns)
  return [
    ...(hasOpen(own, 0) && isLost(own, 0) ? [{ is: 'value', code: 0 } as const] : []),
    ...single.slice(0, mostSingle).map((code) => ({ is: 'value', code }) as const),
    ...longest.map(({ first, last }) => makeRange(own, first, last)),
    ...listsOf(own, lost),
  ]
}

/** Tests that pass for every open row: as near as one column comes, whatever else passes them. Of rows without a value, none. */
export const hullsOf = (own: Tally): readonly CodeTest[] => {
  if (hasOpen(own, 0))
    return codesWith(own, (code) => hasOpen(own, code)).length === 0 ? [{ is: 'value', code: 0 }] : []
  const codes = codesWith(own, (code) => hasOpen(own, code))
  const [first, last] = [codes[0], codes.at(-1)]
  if (first === undefined || last === undefined) return []
  if (codes.length === 1) return [{ is: 'value', code: first }]
  return [
    makeRange(own, first, last),
    ...(codes.length <= longestExcept ? listsOf(own, codes) : listsOf(own, codes).filter(({ is }) => is === 'other')),
  ]
}

/** About how many bits a test takes, beside those for its column. */
export const bitsOf = (test: CodeTest, { distinct }: Pick<Tally, 'distinct'>): number => {
  const each = Math.log2(Math.max(distinct, 2))
  switch (test.is) {
    case 'value':
      return each
    case 'among':
    case 'other':
      return Math.max(1, test.codes.length) * each + 1
    case 'range':
      return (test.hasFirst && test.hasLast ? 2 : 1) * each + 1
  }
}
