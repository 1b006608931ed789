/**
 * Finds the condition that explains most of the rows that are lost.
 *
 * Conditions are searched for in a sample, and counted by the server over everything. What contradicts the best one, rows that stayed and
 * for which it holds, or lost rows that it leaves out, comes into the sample, and the search begins again. Of a small table the sample is
 * all of it.
 */
import { sql } from 'kysely'
import { packKey } from '../../../keys/key.ts'
import type { Sides } from '../../../rows/sides.ts'
import { asText, fromSample, fromTable } from '../../../sql/rows.ts'
import { makeCondition, type RowCondition, type Term, type Test } from './condition.ts'
import { countHits, findStayed, findUnexplained, type HitCounts, type RowsByFate } from './counts.ts'
import { type Feature, typeOfFeature } from './features.ts'
import type { Population } from './population.ts'
import { type CodedSample, type Fate, fates, readCodedSample, readFeature, takeSome } from './sample.ts'
import { searchConditions } from './search.ts'
import type { CodeTest } from './tests.ts'
import type { ColumnFacts, Proposal } from './worth.ts'

/** What conditions are searched in. */
export interface Field {
  readonly population: Population
  /** Rows of the population. */
  readonly rows: number
  readonly features: readonly Feature[]
  readonly outcome: RowsByFate
  readonly isLost: (key: string) => boolean
}

export interface Counted extends RowCondition, HitCounts {}

/** A table of no more rows is read whole; of a larger one, so many rows that stayed, that are to be explained, and so on. */
const mostRows = 12_000
const mostStayed = 6_000
const mostOpen = 3_000
const mostWritten = 2_000
const mostLost = 2_000
const mostContradicting = 1_000
const mostAttempts = 6

/** Longer values are no part of a condition that anybody would read. */
const longestValue = 200

/** Rows that stayed: all of them in a small table, else some. */
const readStayed = async (sides: Sides, { population, rows, isLost }: Field): Promise<readonly string[]> => {
  const { table, where } = population
  const share = rows <= mostRows ? 100 : (100 * mostStayed) / rows
  const from =
    share < 100
      ? fromSample(table.backup, sql`bernoulli (${sql.lit(share)}) repeatable (0)`)
      : sql`${fromTable(table.backup)} as t`
  const found = await sides.backup.rows(sql`select ${asText('t', table.identity)} from ${from} where ${where}`)
  return found.map(packKey).filter((key) => !isLost(key))
}

/** The rows of the first sample. */
const startRows = async (sides: Sides, field: Field, open: readonly string[]): Promise<Map<string, Fate>> => {
  const { missing, changed, again } = field.outcome
  const [isWhole, rows] = [field.rows <= mostRows, new Map<string, Fate>()]
  const add = (keys: readonly string[], fate: Fate, most: number): void => {
    for (const key of isWhole ? keys : takeSome(keys, most)) rows.set(key, fate)
  }
  for (const key of await readStayed(sides, field)) rows.set(key, fates.stayed)
  add(changed, fates.changed, mostWritten)
  add(again, fates.again, mostWritten)
  if (open.length < missing.length) add(missing, fates.lost, mostLost)
  add(open, fates.open, mostOpen)
  return rows
}

const codesOf = (test: CodeTest): readonly number[] => {
  if (test.is === 'value') return [test.code]
  return test.is === 'range'
    ? [...(test.hasFirst ? [test.first] : []), ...(test.hasLast ? [test.last] : [])]
    : test.codes
}

/** For each feature, the values behind the numbers that the proposals name. */
const readCodes = async (
  sides: Sides,
  { population, features }: Field,
  { sample, proposals }: { readonly sample: CodedSample; readonly proposals: readonly Proposal[] },
): Promise<ReadonlyMap<number, ReadonlyMap<number, string | null>>> => {
  const terms = proposals.flatMap((proposal) => proposal.terms)
  const values = new Map<number, ReadonlyMap<number, string | null>>()
  for (const [place, own] of Map.groupBy(terms, ({ feature }) => feature)) {
    const wanted = new Set(own.flatMap(({ test }) => codesOf(test)))
    const keys = new Map<number, string>()
    for (const [row, code] of (sample.codes[place] ?? new Int32Array()).entries())
      if (wanted.has(code) && !keys.has(code)) keys.set(code, sample.keys[row] ?? '')
    const feature = features[place]
    if (feature === undefined) continue
    const found = await readFeature(sides, population, { feature, keys: [...keys.values()] })
    values.set(place, new Map([...keys.keys()].map((code, at) => [code, found[at] ?? null])))
  }
  return values
}

const decodeTest = (test: CodeTest, textOf: (code: number) => string | null): Test => {
  switch (test.is) {
    case 'value':
      return { is: 'value', value: test.code === 0 ? null : textOf(test.code) }
    case 'among':
    case 'other':
      return { is: test.is, values: test.codes.map((code) => textOf(code) ?? '') }
    case 'range':
      return {
        is: 'range',
        first: test.hasFirst ? textOf(test.first) : null,
        last: test.hasLast ? textOf(test.last) : null,
      }
  }
}

/** A proposal, and the condition that it is. */
interface Candidate {
  readonly proposal: Proposal
  readonly condition: RowCondition
}

const decode = async (
  sides: Sides,
  field: Field,
  found: { readonly sample: CodedSample; readonly proposals: readonly Proposal[] },
): Promise<readonly Candidate[]> => {
  const values = await readCodes(sides, field, found)
  return found.proposals.flatMap((proposal) => {
    const terms = proposal.terms.flatMap(({ feature, test }): readonly Term[] => {
      const own = field.features[feature]
      return own === undefined
        ? []
        : [{ feature: own, test: decodeTest(test, (code) => values.get(feature)?.get(code) ?? null) }]
    })
    const isLong = [...values.values()].some((of) =>
      [...of.values()].some((value) => (value?.length ?? 0) > longestValue),
    )
    const condition = makeCondition(sides, field.population.table, terms)
    return isLong && condition.sql.length > longestValue * 2 ? [] : [{ proposal, condition }]
  })
}

const factsOf = (feature: Feature): ColumnFacts => ({
  steps: feature.path.length,
  isReference: feature.relation !== null,
  rises: feature.rises,
  hasRanges: !/^(uuid|boolean|inet|cidr)$/.test(typeOfFeature(feature)),
})

/** Over everything it holds for no more rows that stayed than the sample says. */
const isTrue = ({ stayed }: Proposal, { of, hits, changed, again }: HitCounts): boolean => {
  const others = of - hits - changed - again
  return stayed === 0 ? others === 0 : others <= of / 10
}

/** The best condition on rows of which `open` are still to be explained; null where none is worth a word. */
export const proposeCondition = async (
  sides: Sides,
  field: Field,
  open: readonly string[],
): Promise<Counted | null> => {
  const { population, outcome } = field
  const columns = field.features.map(factsOf)
  const rows = await startRows(sides, field, open)
  let known: Counted | null = null
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const sample = await readCodedSample(sides, { population, features: field.features, rows })
    const candidates = await decode(sides, field, { sample, proposals: searchConditions(sample, columns) })
    const [best] = candidates
    if (best === undefined) return known
    const conditions = candidates.map(({ condition }) => condition)
    const counts = await countHits(sides, population, { conditions, outcome })
    const counted = candidates.flatMap(({ proposal, condition }, place) => {
      const hits = counts[place]
      return hits !== undefined && isTrue(proposal, hits) ? [{ proposal, counted: { ...condition, ...hits } }] : []
    })
    const [first] = counted
    if (first !== undefined && (known === null || first.counted.hits >= known.hits)) known = first.counted
    if (field.rows <= mostRows || known?.hits === outcome.missing.length) return known
    const before = rows.size
    if (first?.proposal === best.proposal) {
      const left = await findUnexplained(sides, population, {
        condition: best.condition,
        keys: open,
        most: mostContradicting,
      })
      if (left.length === 0 || best.proposal.open < countOpen(sample)) return known
      for (const key of left) rows.set(key, fates.open)
    } else {
      const lost = [...outcome.missing, ...outcome.others, ...outcome.changed, ...outcome.again]
      const stayed = await findStayed(sides, population, { condition: best.condition, lost, most: mostContradicting })
      for (const key of stayed) if (!rows.has(key)) rows.set(key, fates.stayed)
    }
    if (rows.size === before) return known
  }
  return known
}

const countOpen = ({ fates: own }: CodedSample): number =>
  own.reduce((sum, fate) => sum + (fate === fates.open ? 1 : 0), 0)
