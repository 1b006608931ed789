/**
 * Live rows that equal rows of the backup in all but the key that a run would allocate. Where few are asked about, or columns with an
 * index lead to few rows each, the server looks them up; else live is read once for very many of them, and not once for every batch:
 * that nothing in it has their digest is all there is to know of nearly every row.
 */
import { sql } from 'kysely'
import { columnOf } from '../../../catalog/catalog.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { all, column, type Query } from '../../../database/names.ts'
import type { Row } from '../../../database/session/outcome.ts'
import { packKey } from '../../../keys/key.ts'
import { tellBatches } from '../../../progress/progress.ts'
import { comparedColumns } from '../../../rows/records/records.ts'
import type { Sides } from '../../../rows/sides.ts'
import { rowDigest } from '../../../sql/column-digest.ts'
import { asText, batchSize, fromTable, inBatches, ordinal, stepSize, typeOf, valueSource } from '../../../sql/rows.ts'
import { rowsToWrite } from '../../measure/transformed-rows.ts'
import { fresh, type MappedRows, type Mapping, type Rewritten } from '../mapping.ts'

/** Rows whose digests go to live in one query. */
const scanSize = 250_000

/** True for tables whose rows can come back under another key of their own. */
export const mayHaveTwins = (table: SharedTable): boolean =>
  table.allocation !== null && table.identity.includes(table.allocation.column)

/** How the rows of a table are looked for. */
export interface Search {
  /** Columns with an index, by which live's rows are looked up; none: by their digest alone. */
  readonly lead: readonly string[]
  /** Live is read once for all rows. */
  readonly isScan: boolean
}

/** Columns that are never NULL and likely have an index: typed equality lets the server look rows up instead of reading the table. */
const leadingColumns = ({ live, ...table }: SharedTable): readonly string[] => {
  const keyed = [...live.uniques, ...live.foreignKeys].flatMap(({ columns }) => columns)
  return comparedColumns({ live, ...table }).filter(
    (name) => name !== table.allocation?.column && keyed.includes(name) && columnOf(live, name)?.notNull,
  )
}

/** How many values the columns hold in live, at least, by its statistics; without any they may hold as many as there are rows. */
const countValues = async ({ live }: Sides, table: SharedTable, columns: readonly string[]): Promise<number> => {
  const [[count] = []] = await live.rows(sql`
    select pg_catalog.max(case when s.n_distinct < 0 then - s.n_distinct * c.reltuples else s.n_distinct end)::text
    from pg_catalog.pg_stats as s
    join pg_catalog.pg_namespace as n on n.nspname = s.schemaname
    join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = s.tablename
    where s.schemaname = ${table.live.schema} and s.tablename = ${table.live.name} and s.attname = any(${columns})`)
  return count === null || count === undefined ? Number.POSITIVE_INFINITY : Number(count)
}

/** The columns of a table that are no reference, not ignored, and not given by the run. */
const ownColumns = ({ catalog }: Sides, table: SharedTable, ignored: readonly string[]): readonly string[] => {
  const references = catalog.relations.flatMap(({ child, columns }) => (child === table.id ? columns : []))
  const others = new Set([...references, ...ignored, table.allocation?.column])
  return comparedColumns(table).filter((name) => !others.has(name))
}

/** Chooses a search for so many rows of a table. */
export const chooseSearch = async (
  sides: Sides,
  table: SharedTable,
  { count, ignored = [] }: { readonly count: number; readonly ignored?: readonly string[] },
): Promise<Search> => {
  const lead = leadingColumns(table)
  // References alone have no digest that live could be read by.
  if (ownColumns(sides, table, ignored).length === 0) return { lead, isScan: false }
  const isUnique = table.live.uniques.some(
    ({ columns }) => columns.length > 0 && columns.every((name) => lead.includes(name)),
  )
  const values = isUnique || lead.length === 0 ? Number.POSITIVE_INFINITY : await countValues(sides, table, lead)
  if (lead.length > 0 && count <= values) return { lead, isScan: false }
  return { lead: [], isScan: count > stepSize }
}

/** By which columns rows are held against live's. */
interface Compared {
  /** Compared by their digest: they are written as they are. */
  readonly fixed: readonly string[]
  /** Of those, columns that lead to rows. */
  readonly lead: readonly string[]
  /** Columns whose values are sent: those that lead, and references that are mapped. */
  readonly sent: readonly string[]
}

/** What is compared: all but the allocated column and those ignored. */
const columnsToCompare = ({ table, rewritten }: MappedRows, { lead }: Search, ignored: readonly string[]): Compared => {
  const mapped = [...new Set([...rewritten.values()].flatMap((row) => [...row.keys()]))].filter(
    (name) => !ignored.includes(name),
  )
  const left = [...mapped, ...ignored, table.allocation?.column]
  const fixed = comparedColumns(table).filter((name) => !left.includes(name))
  const leading = lead.filter((name) => fixed.includes(name))
  return { fixed, lead: leading, sent: [...leading, ...mapped] }
}

/** Looks live rows up that equal those given: one list for rows that are alike. `ignored` columns are not compared. */
export const lookUpEqual = async (
  sides: Sides,
  rows: MappedRows,
  { ignored, ...search }: Search & { readonly ignored: readonly string[] },
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const equal = new Map<string, readonly string[]>()
  if (!mayHaveTwins(rows.table)) return equal
  const compared = columnsToCompare(rows, search, ignored)
  for (const keys of compared.fixed.length === 0 ? [] : inBatches(rows.keys)) {
    const images = await readImages(sides, { ...rows, keys }, compared)
    const alike = [...Map.groupBy(images, ({ values }) => JSON.stringify(values)).values()]
    const wanted = alike.map(([first]) => first?.values ?? [])
    for (const [place, live] of await findEqual(sides, rows.table, { ...compared, wanted })) {
      for (const { key } of alike[place] ?? []) equal.set(key, live)
    }
  }
  return equal
}

/** Rows of a table, however many, and what becomes of the references of some of them. */
export interface ManyRows {
  readonly table: SharedTable
  /** Packed. */
  readonly keys: Iterable<string>
  readonly rewrite: (keys: readonly string[]) => Promise<Rewritten>
}

/** The same by reading live once for every `scanSize` rows. References are compared as text. */
export const scanForEqual = async (
  sides: Sides,
  rows: ManyRows,
  ignored: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { table } = rows
  const fixed = ownColumns(sides, table, ignored)
  const others = new Set([...fixed, ...ignored, table.allocation?.column])
  const sent = comparedColumns(table).filter((name) => !others.has(name))
  const equal = new Map<string, readonly string[]>()
  for (const keys of tellBatches(sides.onStage, { stage: 'twins', table: table.id }, inBatches(rows.keys, scanSize))) {
    const digests = await readDigests(sides, { table, keys }, fixed)
    const live = await scanLive(sides, table, { fixed, sent, digests })
    if (live.size === 0) continue
    for (const batch of inBatches(keys)) {
      const rewritten = await rows.rewrite(batch)
      const images = await readImages(sides, { table, keys: batch, rewritten }, { fixed, sent })
      for (const { key, values } of images) {
        const found = live.get(JSON.stringify(values))
        if (found !== undefined) equal.set(key, found)
      }
    }
  }
  return equal
}

/** Live rows that equal those that are open, found at once where that is better; else how to look for those of a batch. */
export const searchTwins = async (
  sides: Sides,
  mapping: Mapping,
  { table, open }: { readonly table: SharedTable; readonly open: () => Iterable<string> },
): Promise<Search | ReadonlyMap<string, readonly string[]>> => {
  let count = 0
  for (const _ of open()) count++
  const search = await chooseSearch(sides, table, { count })
  if (!search.isScan) return search
  const rewrite = (keys: readonly string[]): Promise<Rewritten> => mapping.rewrite(table, keys)
  return scanForEqual(sides, { table, keys: open(), rewrite }, [])
}

/** The digests that rows have as they would be written, each once. */
const readDigests = async (
  sides: Sides,
  { table, keys }: Pick<MappedRows, 'table' | 'keys'>,
  fixed: readonly string[],
): Promise<readonly string[]> => {
  const digests = new Set<string>()
  for (const batch of inBatches(keys)) {
    const images = await readImages(sides, { table, keys: batch, rewritten: new Map() }, { fixed, sent: [] })
    for (const { values } of images) digests.add(values[0] ?? '')
  }
  return [...digests]
}

/** The packed keys of live rows that have one of these digests, by digest and the values sent. */
const scanLive = async (
  { live, digest }: Sides,
  table: SharedTable,
  { fixed, sent, digests }: Pick<Compared, 'fixed' | 'sent'> & { readonly digests: readonly string[] },
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, string[]>()
  const image = rowDigest('t', fixed, digest)
  const query = sql`
    select ${image}::text ${sent.length === 0 ? sql`` : sql`, ${asText('t', sent)}`}, ${asText('t', table.identity)}
    from ${fromTable(table.live)} as t
    where ${image} = any(${digests}::bigint[])`
  for await (const rows of live.batches(query, batchSize)) {
    for (const row of rows) {
      const values = JSON.stringify(row.slice(0, 1 + sent.length))
      const keys = found.get(values) ?? []
      found.set(values, keys)
      keys.push(packKey(row.slice(1 + sent.length)))
    }
  }
  return found
}

/** The digest and the values sent of each row, as it would be written. Rows with a value that the run allocates are absent. */
const readImages = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
  { fixed, sent }: Pick<Compared, 'fixed' | 'sent'>,
): Promise<readonly { readonly key: string; readonly values: Row }[]> => {
  const { read, from } = await rowsToWrite(sides, table, keys)
  const images = await read(sql`
    select ${ordinal('k')}::text, ${rowDigest('t', fixed, sides.digest)}::text
      ${sent.length === 0 ? sql`` : sql`, ${asText('t', sent)}`}
    from ${from}`)
  return images.flatMap(([ord, digest = null, ...values]) => {
    const key = keys[Number(ord) - 1] ?? ''
    const own = rewritten.get(key)
    const mapped = sent.map((name, position) => (own?.has(name) ? own.get(name) : values[position]) ?? null)
    const known = mapped.filter((value) => value !== fresh)
    return known.length < mapped.length ? [] : [{ key, values: [digest, ...known] }]
  })
}

/** As the condition of a join it is worked out for every live row; where other columns lead, only for those they lead to. */
const isSameDigest = (digest: Query, { lead }: Compared): Query =>
  lead.length > 0 ? sql`not (${digest} is distinct from k.digest)` : sql`${digest} = k.digest`

/** The packed keys of live rows that equal what is wanted, by its place. */
const findEqual = async (
  sides: Sides,
  table: SharedTable,
  { wanted, ...compared }: Compared & { readonly wanted: readonly Row[] },
): Promise<ReadonlyMap<number, readonly string[]>> => {
  const { fixed, lead, sent } = compared
  const names = sent.map((_, position) => `v${position}`)
  const types = [sql`bigint`, ...sent.map((name) => typeOf(table.live, name))]
  const found = await sides.live.rows(sql`
    select ${ordinal('k')}::text, ${asText('t', table.identity)}
    from ${valueSource(types, wanted, { names: ['digest', ...names] })}
    join ${fromTable(table.live)} as t
      on ${isSameDigest(rowDigest('t', fixed, sides.digest), compared)}
      and ${all(
        sent.map((name, p) =>
          lead.includes(name)
            ? sql`${column('t', name)} = ${column('k', `v${p}`)}`
            : sql`${column('t', name)} is not distinct from ${column('k', `v${p}`)}`,
        ),
      )}
    order by 1, 2`)
  const byPlace = Map.groupBy(found, ([ord]) => Number(ord) - 1)
  return new Map([...byPlace].map(([place, rows]) => [place, rows.map(([, ...key]) => packKey(key))]))
}
