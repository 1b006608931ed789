/** Conditions that may explain why rows of one table are gone, each with the number of rows it holds for among those that could go. */
import { sql } from 'kysely'
import { isRenamed } from '../../../catalog/catalog.ts'
import type { Relation } from '../../../catalog/relations.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { all, arrayText, column, list, type Query } from '../../../database/names.ts'
import type { Sides } from '../../../rows/sides.ts'
import { fromTable, inBatches, keyedRows, typeOf } from '../../../sql/rows.ts'
import type { Population } from './population.ts'
import { writeEqual } from './writing.ts'

/** A condition on the rows of one table. */
export interface Candidate {
  readonly kind: 'partition' | 'all' | 'parent' | 'value' | 'key range' | 'time range'
  /** For people, and for `--where`: `photographer_id = 41`. */
  readonly sql: string
  /** The same on the alias `t`, with its values as parameters. */
  readonly where: Query
  /** Rows of the population for which it holds. */
  readonly of: number
  /** The reference that has the same value in all rows, and that value. */
  readonly parent: { readonly relation: Relation; readonly values: readonly string[] } | null
  /** The reference is an end of a junction table. */
  readonly isEnd: boolean
  /** A range that begins with the first row and does not reach the last one. */
  readonly isLowest: boolean
}

const plain = { parent: null, isEnd: false, isLowest: false } as const

const comparable =
  /^(smallint|integer|bigint|numeric|real|double precision|boolean|text|character varying|character|name|uuid|date|inet|cidr|(.*\.)?"?citext"?)$|^(timestamp|time)\b/

const isEqual = (table: SharedTable, name: string, value: string | null): Query =>
  value === null
    ? sql`${column('t', name)} is null`
    : sql`${column('t', name)} = ${value}::${typeOf(table.backup, name)}`

/** Every row of the population. */
export const countPopulation = async (sides: Sides, { table, where }: Population): Promise<Candidate> => {
  const [row] = await sides.backup.rows(
    sql`select pg_catalog.count(*)::text from ${fromTable(table.backup)} as t where ${where}`,
  )
  return { ...plain, kind: 'all', sql: 'true', where: sql`true`, of: Number(row?.[0]) }
}

/** Partitions of the backup that live does not have. */
export const findPartitions = async (
  sides: Sides,
  { table, where: isCounted }: Population,
): Promise<readonly Candidate[]> => {
  // Under another name its partitions are called otherwise, too.
  if (table.backup.kind !== 'partitioned' || isRenamed(table.backup)) return []
  const partitionsOf = (): Query => sql`
    select p.relid::pg_catalog.regclass::text
    from pg_catalog.pg_partition_tree(${regclassText(table)}::pg_catalog.regclass) p
    where p.isleaf and p.level > 0`
  const inLive = new Set(
    table.live.kind === 'partitioned' ? (await sides.live.rows(partitionsOf())).map(([name]) => name) : [],
  )
  const gone = (await sides.backup.rows(partitionsOf())).map(([name]) => name ?? '').filter((name) => !inLive.has(name))
  const candidates: Candidate[] = []
  for (const name of gone) {
    const where = sql`t.tableoid = ${name}::pg_catalog.regclass`
    const [row] = await sides.backup.rows(
      sql`select pg_catalog.count(*)::text from ${fromTable(table.backup)} as t where ${where} and ${isCounted}`,
    )
    const of = Number(row?.[0])
    candidates.push({
      ...plain,
      kind: 'partition',
      sql: `tableoid = '${name.replaceAll("'", "''")}'::regclass`,
      where,
      of,
    })
  }
  return candidates
}

const regclassText = ({ schema, name }: SharedTable): string =>
  [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')

/** Columns whose values rows may have in common. */
interface Feature {
  readonly columns: readonly string[]
  readonly relation: Relation | null
}

const featuresOf = (sides: Sides, table: SharedTable): readonly Feature[] => {
  const comparableNames = table.columns
    .filter(({ name }) => name !== table.softDelete)
    .filter(
      ({ backup }) => backup.typeKind === 'enum' || (backup.typeKind === 'base' && comparable.test(backup.baseType)),
    )
    .map(({ name }) => name)
  const relations = sides.catalog.relations.filter(
    ({ child, columns, condition, compared }) =>
      child === table.id &&
      condition === null &&
      compared.every((how) => how === 'value') &&
      columns.every((name) => comparableNames.includes(name)),
  )
  const referring = new Set(relations.flatMap(({ columns }) => (columns.length === 1 ? columns : [])))
  return [
    ...relations.map((relation) => ({ columns: relation.columns, relation })),
    ...comparableNames.filter((name) => !referring.has(name)).map((name) => ({ columns: [name], relation: null })),
  ].slice(0, 60)
}

/** Between the values of several columns; not in any text a person would write. */
const unitSeparator = '\x1f'

const textOf = ({ columns }: Feature): Query =>
  sql`(${list(
    columns.map((name) => sql`${column('t', name)}::text`),
    ` || '${unitSeparator}' || `,
  )})`

const sampleSize = 5_000
const mostValues = 80

/** Spread over the list, at steps that are never the same: what recurs at every n-th key must not be all that is seen. */
const takeSample = (keys: readonly string[]): readonly string[] =>
  keys.length <= sampleSize
    ? keys
    : Array.from({ length: sampleSize }, (_, place) => {
        const shift = (place * Math.SQRT2) % 1
        return keys[Math.floor(((place + shift) * keys.length) / sampleSize)] ?? ''
      })

/** A condition found in a sample. */
export interface Sampled {
  readonly candidate: Candidate
  /** Roots that it holds for, as the sample has it. */
  readonly roots: number
  /** At most so many, as far as a sample tells. */
  readonly most: number
}

/** Values that several of the roots have in common: those that few rows beside the roots have first, then those of most roots. */
export const findValues = async (
  sides: Sides,
  population: Population,
  roots: readonly string[],
): Promise<readonly Sampled[]> => {
  const { table } = population
  const features = featuresOf(sides, table)
  if (features.length === 0) return []
  const sample = takeSample(roots)
  const found = await sides.backup.rows(sql`
    select v.feature::text, v.value, pg_catalog.count(*)::text
    from ${keyedRows(table.backup, table.identity, sample)}
    cross join lateral (
      values ${list(features.map((feature, place) => sql`(${sql.lit(place)}, ${textOf(feature)})`))}
    ) as v(feature, value)
    where v.value is null or pg_catalog.octet_length(v.value) <= 200
    group by 1, 2
    having pg_catalog.count(*) >= 2
    order by pg_catalog.count(*) desc, 1, 2
    limit ${sql.lit(mostValues)}`)
  const scale = roots.length / sample.length
  const candidates: Sampled[] = []
  for (const [place, rows] of Map.groupBy(found, ([feature]) => Number(feature))) {
    const feature = features[place]
    if (feature === undefined) continue
    const values = rows
      .map(([, value]) => value ?? null)
      .filter((value) => value !== null || feature.columns.length === 1)
    const totals = await countValues(sides, population, feature, values)
    for (const [, value = null, count] of rows) {
      const of = totals.get(value)
      if (of === undefined) continue
      const own = Number(count) * scale
      const most = scale === 1 ? own : own * 1.5 + 5 * scale
      candidates.push({ candidate: toCandidate(table, feature, value, of), roots: own, most })
    }
  }
  const isPromising = (own: Sampled): boolean => own.candidate.isEnd || own.most >= own.candidate.of
  return candidates.sort((a, b) => Number(isPromising(b)) - Number(isPromising(a)) || b.roots - a.roots)
}

const toCandidate = (
  table: SharedTable,
  { columns, relation }: Feature,
  value: string | null,
  of: number,
): Candidate => {
  const values = value === null ? columns.map(() => null) : columns.length === 1 ? [value] : value.split(unitSeparator)
  return {
    kind: relation === null || value === null ? 'value' : 'parent',
    sql: writeEqual(table, columns, values),
    where: all(columns.map((name, position) => isEqual(table, name, values[position] ?? null))),
    of,
    parent: relation === null || value === null ? null : { relation, values: values.map((own) => own ?? '') },
    isEnd: relation !== null && (table.ends?.some(({ id }) => id === relation.id) ?? false),
    isLowest: false,
  }
}

/** For how many rows of the population a feature has each of the values. */
const countValues = async (
  sides: Sides,
  { table, where }: Population,
  feature: Feature,
  values: readonly (string | null)[],
): Promise<ReadonlyMap<string | null, number>> => {
  const [name = ''] = feature.columns
  const isSingle = feature.columns.length === 1
  const some = arrayText(values.filter((value) => value !== null))
  const isAmong = isSingle
    ? sql`${column('t', name)} = any (${some}::${typeOf(table.backup, name)}[])`
    : sql`${textOf(feature)} = any (${some}::text[])`
  const rows = await sides.backup.rows(sql`
    select ${textOf(feature)}, pg_catalog.count(*)::text
    from ${fromTable(table.backup)} as t
    where (${isAmong} ${values.includes(null) ? sql`or ${column('t', name)} is null` : sql``}) and ${where}
    group by 1`)
  return new Map(rows.map(([value = null, count]) => [value, Number(count)]))
}

/** Conditions as they count without some rows of the population, packed: one query per batch of these. */
export const countWithout = async (
  sides: Sides,
  { table }: Population,
  candidates: readonly Candidate[],
  keys: readonly string[],
): Promise<readonly Candidate[]> => {
  const held = candidates.map(() => 0)
  for (const batch of candidates.length === 0 ? [] : inBatches(keys)) {
    const [row] = await sides.backup.rows(sql`
      select ${list(candidates.map(({ where }) => sql`(pg_catalog.count(*) filter (where ${where}))::text`))}
      from ${keyedRows(table.backup, table.identity, batch)}`)
    for (const place of held.keys()) held[place] = (held[place] ?? 0) + Number(row?.[place])
  }
  return candidates.map((candidate, place) => ({ ...candidate, of: candidate.of - (held[place] ?? 0) }))
}
