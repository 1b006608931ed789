/**
 * What a condition says about which rows of a sample are lost, and in how few words. Pure.
 *
 * What a condition is worth is counted in bits. To say of each row that could have gone whether it is gone takes so many; with a condition,
 * the rows for which it holds need no word, but the condition does: about the logarithm of the values it could have named instead. So a
 * condition that explains more wins, of two that explain the same the simpler one, and a list of keys is worth nothing.
 */
import { type CodedSample, fates } from './sample.ts'
import { bitsOf, type CodeTest, type Tally, tally } from './tests.ts'

/** What the search knows of a column, beside its values. */
export interface ColumnFacts {
  /** References up to the row that has it. */
  readonly steps: number
  /** It refers to another row. */
  readonly isReference: boolean
  readonly rises: 'key' | 'time' | null
  /** From one of its values to another is a range that people would name. */
  readonly hasRanges: boolean
}

export interface CodeTerm {
  /** The place of its feature. */
  readonly feature: number
  readonly test: CodeTest
}

/** Rows of the sample for which a condition holds, by what became of them. */
export interface Held {
  readonly open: number
  readonly stayed: number
  readonly changed: number
  readonly again: number
}

export interface Proposal extends Held {
  readonly terms: readonly CodeTerm[]
  /** What it takes to say it, and what it saves, in bits. */
  readonly bits: number
  readonly gain: number
  /** The same, less where it leaves something for another one. */
  readonly rank: number
}

/** The sample, and what is to be said of it. */
export interface TalliedSample {
  readonly sample: CodedSample
  readonly columns: readonly ColumnFacts[]
  readonly tallies: readonly Tally[]
  /** Rows that could have gone. */
  readonly rows: number
  /** Rows that are to be explained. */
  readonly open: number
}

/** Bits that it takes to say which k of n rows are gone. */
const entropy = (n: number, k: number): number => {
  if (k <= 0 || k >= n) return 0
  const share = k / n
  return -n * (share * Math.log2(share) + (1 - share) * Math.log2(1 - share))
}

/** Bits for a row that a condition holds for and that is there. */
const bitsOfChanged = 4
const bitsOfAgain = 0.5

/** A condition must save so much: what is looked for in many columns is found by chance in some. */
const leastGain = 3

/** One statement is likelier than two. */
const bitsOfRest = 8

/** Of the rows that a condition holds for, at most so many are there; and none, of few, that was not written since. */
const mostStayed = 0.1
const mostWritten = 0.35
const fewestOfMany = 10

const isPlausible = ({ open, stayed, changed, again }: Held): boolean => {
  const held = open + stayed + changed + again
  if (open < 2 || (stayed > 0 && open < fewestOfMany)) return false
  return stayed <= held * mostStayed && changed + again <= Math.max(1, held * mostWritten)
}

/** What a condition saves, that holds for so many rows; null where it is not worth a word. */
export const weigh = (tallied: TalliedSample, terms: readonly CodeTerm[], held: Held): Proposal | null => {
  if (!isPlausible(held)) return null
  const { rows, open } = tallied
  const { stayed, changed, again } = held
  const all = held.open + stayed + changed + again
  const saved = entropy(rows, open) - entropy(rows - all, open - held.open)
  const others = stayed * 2 * Math.log2(rows + 1) + changed * bitsOfChanged + again * bitsOfAgain
  const bits = bitsOfTerms(tallied, terms)
  const gain = saved - others - bits
  const rank = held.open < open ? gain - bitsOfRest : gain
  return gain < leastGain ? null : { ...held, terms, bits, gain, rank }
}

const bitsOfSteps = [0, 4, 7]

/** Conditions on references and on old times read well; those on columns of other tables must say more. */
const bitsOfTerms = ({ columns, tallies }: TalliedSample, terms: readonly CodeTerm[]): number => {
  let bits = 0
  for (const { feature, test } of terms) {
    const [{ steps = 0, isReference = false, rises = null } = {}, own] = [columns[feature], tallies[feature]]
    if (own === undefined) continue
    const plain = bitsOf(test, own)
    const isOld = rises === 'time' && test.is === 'range' && !test.hasFirst
    const favour = isReference ? 2 : isOld ? 1.5 : rises === 'key' ? 0.3 : 0
    bits += plain - favour + (bitsOfSteps[steps] ?? 9)
  }
  // Which columns it is about takes a word as well.
  return bits + terms.length * Math.log2(Math.max(columns.length, 1)) + (terms.length > 1 ? 2 : 0)
}

export const tallySample = (sample: CodedSample, columns: readonly ColumnFacts[]): TalliedSample => {
  const places = [...sample.keys.keys()]
  const countOf = (isMeant: (fate: number) => boolean): number =>
    sample.fates.reduce((sum, fate) => sum + (isMeant(fate) ? 1 : 0), 0)
  return {
    sample,
    columns,
    tallies: sample.codes.map((codes) => tally(codes, sample, places)),
    rows: countOf((fate) => fate !== fates.lost),
    open: countOf((fate) => fate === fates.open),
  }
}
