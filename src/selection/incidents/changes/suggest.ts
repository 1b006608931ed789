/** Which expressions a sample of rows suggests for a column, and for how many of them each holds. */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { column, type Query } from '../../../database/names.ts'
import { readShown } from '../../../rows/by-key.ts'
import { comparedColumns } from '../../../rows/records/records.ts'
import type { Sides } from '../../../rows/sides.ts'
import { type LikelyAssignment, type Pair, plainExpressions, subjectOf } from './expression.ts'
import { findHolding, mostAssignments } from './fingerprints.ts'
import { numberExpressions } from './numbers.ts'
import { textExpressions } from './texts.ts'
import { timeExpressions } from './times.ts'

/** Longer values are not looked at. */
const longest = 300

/** NULL, too long and anything else are told apart by their first letter. */
const shown = (name: string): Query => {
  const text = sql`${column('t', name)}::text`
  return sql`case when ${column('t', name)} is null then 'n'
    when pg_catalog.octet_length(${text}) > ${sql.lit(longest)} then 'x' else 'v' || ${text} end`
}

const read = (text: string | null | undefined): string | null | undefined =>
  text?.startsWith('v') ? text.slice(1) : text === 'n' ? null : undefined

/** Some rows of a table on both sides. */
export interface PairedSample {
  readonly keys: readonly string[]
  readonly pairsOf: (name: string) => readonly Pair[]
}

export const readPairedSample = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<PairedSample> => {
  const columns = comparedColumns(table)
  const show = columns.map(shown)
  const [live, backup] = [
    await readShown(sides.live, table, { keys, show }),
    await readShown(sides.backup, table, { keys, show }),
  ]
  const valuesOf = (rows: typeof live, key: string) =>
    new Map(columns.map((name, place) => [name, read(rows.get(key)?.[place])]))
  const before = keys.map((key) => valuesOf(backup, key))
  const after = keys.map((key) => valuesOf(live, key))
  return {
    keys,
    pairsOf: (name) => before.map((own, place) => ({ before: own, after: after[place]?.get(name) })),
  }
}

/** An assignment, and the places in the sample that it holds for. */
export interface Suggested {
  readonly assignment: LikelyAssignment
  readonly places: readonly number[]
}

/** For a column, the assignment that holds for most of the sample, of equals the simplest; null where none holds for several rows. */
export const suggestFor = async (
  sides: Sides,
  table: SharedTable,
  { name, sample }: { readonly name: string; readonly sample: PairedSample },
): Promise<Suggested | null> => {
  const [subject, pairs] = [subjectOf(table, name), sample.pairsOf(name)]
  const suggest = [plainExpressions, numberExpressions, timeExpressions, textExpressions]
  const assignments = suggest
    .flatMap((make) => make(subject, pairs))
    .map((own) => ({ ...own, column: name }))
    .slice(0, mostAssignments)
  const masks = await findHolding(sides, table, { keys: sample.keys, assignments })
  const found = assignments
    .map((assignment, bit) => ({
      assignment,
      places: [...sample.keys.keys()].filter((place) => ((masks[place] ?? 0) & (1 << bit)) !== 0),
    }))
    .sort((a, b) => b.places.length - a.places.length)
  const [best] = found
  return best === undefined || best.places.length < 2 ? null : best
}
