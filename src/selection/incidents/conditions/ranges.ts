/**
 * Ranges of keys and of times in which nothing stayed.
 *
 * The values of the missing rows, in order, are the thresholds of a histogram over the whole table: a bucket that holds more rows than
 * are missing at its threshold holds one that stayed, and ends the range. One scan, whatever the number of missing rows.
 */
import { sql } from 'kysely'
import { columnOf } from '../../../catalog/catalog.ts'
import { isTime } from '../../../catalog/conventions/column-words.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { column, type Query } from '../../../database/names.ts'
import type { Row } from '../../../database/session/outcome.ts'
import { namedCreationColumns } from '../../../rows/records/records.ts'
import type { Sides } from '../../../rows/sides.ts'
import { fromTable, keyedRows, typeOf } from '../../../sql/rows.ts'
import type { Candidate } from './candidates.ts'
import type { Population } from './population.ts'
import { writeName, writeValue } from './writing.ts'

const mostColumns = 5
const mostRanges = 5

const integer = /^(smallint|integer|bigint)$/

/** The key, if it is a number that rises as rows are made, and the columns that hold times, creation first. */
const rangeColumns = (table: SharedTable): readonly RangeColumn[] => {
  const [only, ...rest] = table.primaryKey
  const key = table.allocation?.column ?? (rest.length === 0 ? only : undefined)
  const isShared = (name: string): boolean => table.columns.some((own) => own.name === name)
  const creation = namedCreationColumns(table)
  const times = table.columns.filter(({ backup }) => isTime(backup)).map(({ name }) => name)
  return [
    ...(key !== undefined && isShared(key) && integer.test(columnOf(table.backup, key)?.baseType ?? '')
      ? [{ name: key, kind: 'key range' } as const]
      : []),
    ...[...new Set([...creation, ...times])].map((name) => ({ name, kind: 'time range' }) as const),
  ].slice(0, mostColumns)
}

interface RangeColumn {
  readonly name: string
  readonly kind: 'key range' | 'time range'
}

/** Ranges of at least three rows that are all missing, the largest of each column. */
export const findRanges = async (
  sides: Sides,
  population: Population,
  missing: readonly string[],
): Promise<readonly Candidate[]> => {
  const { table } = population
  const ranges: Candidate[] = []
  for (const range of missing.length < 3 ? [] : rangeColumns(table)) {
    const found = (await readRuns(sides, population, range, missing)).map((row) => toRange(table, range, row))
    ranges.push(...found)
    // What is old goes by its time; everything else is said with one range that explains it all.
    if (found.some(({ of, isLowest, kind }) => of === missing.length && (kind === 'time range' || !isLowest))) break
  }
  return ranges
}

/** First and last value of each range, its rows, and whether nothing of the table comes before or after it. */
const readRuns = (
  sides: Sides,
  { table, where }: Population,
  { name }: RangeColumn,
  missing: readonly string[],
): Promise<readonly Row[]> => {
  const own = column('t', name)
  return sides.backup.rows(sql`
      with gone as materialized (
        select ${own} as value, pg_catalog.count(*) as missing
        from ${keyedRows(table.backup, table.identity, missing)}
        where ${own} is not null
        group by 1
      ), thresholds as materialized (
        select pg_catalog.array_agg(value order by value) as list, pg_catalog.min(value) as first, pg_catalog.max(value) as last
        from gone
      ), placed as (
        -- scalar subqueries: joined, the whole list would travel with every row, and spill to disk with it
        select ${own} as value, pg_catalog.width_bucket(${own}, (select list from thresholds)) as bucket
        from ${fromTable(table.backup)} as t
        where ${own} between (select first from thresholds) and (select last from thresholds) and ${where}
        offset 0 -- keeps the bucket from being computed once per use
      ), buckets as materialized (
        select bucket, pg_catalog.count(*) as total, pg_catalog.count(*) filter (where value = (select list from thresholds)[bucket]) as here
        from placed
        group by 1
      ), steps as (
        select g.value, g.missing, b.here = g.missing as is_clear,
               pg_catalog.lag(b.total > b.here) over (order by g.value) as stayed_before,
               pg_catalog.lag(b.here = g.missing) over (order by g.value) as was_clear
        from (select value, missing, pg_catalog.row_number() over (order by value) as bucket from gone) as g
        join buckets as b using (bucket)
      ), runs as (
        select value, missing, is_clear,
               pg_catalog.sum(case when is_clear and was_clear and not stayed_before then 0 else 1 end)
                 over (order by value) as run
        from steps
      )
      select pg_catalog.min(value)::text, pg_catalog.max(value)::text, pg_catalog.sum(missing)::text,
             (pg_catalog.min(r.value) = (select pg_catalog.min(${own}) from ${fromTable(table.backup)} as t where ${where}))::text,
             (pg_catalog.max(r.value) = (select pg_catalog.max(${own}) from ${fromTable(table.backup)} as t where ${where}))::text
      from runs as r
      where is_clear
      group by run
      having pg_catalog.sum(missing) >= 3
      order by pg_catalog.sum(missing) desc, pg_catalog.min(value)
      limit ${sql.lit(mostRanges)}`)
}

const toRange = (table: SharedTable, { name, kind }: RangeColumn, row: Row): Candidate => {
  const [first, last] = [row[0] ?? '', row[1] ?? '']
  const [isFirst, isLast] = [row[3] === 'true', row[4] === 'true']
  const [shown, type] = [writeName(name), typeOf(table.backup, name)]
  const write = (value: string): string => writeValue(table, name, value)
  const where: Query = sql`${column('t', name)} between ${first}::${type} and ${last}::${type}`
  const isLowest = isFirst && !isLast
  const text = isLowest
    ? `${shown} <= ${write(last)}`
    : isLast && !isFirst
      ? `${shown} >= ${write(first)}`
      : `${shown} between ${write(first)} and ${write(last)}`
  return { kind, sql: text, where, of: Number(row[2]), parent: null, isEnd: false, isLowest }
}
