/**
 * Twins: live rows equal to a backup row in every column but the allocated one. Such a row looks as if an earlier run, whose journal is
 * gone, had brought it back under another key. References are compared as mapped; a live row that is the backup's own row of that
 * key is no other row's twin; each live row is the twin of one backup row at most.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { all, column, type Query } from '../../database/names.ts'
import type { Row } from '../../database/session/outcome.ts'
import { packKey } from '../../keys/key.ts'
import { comparedColumns } from '../../rows/records/records.ts'
import type { Sides } from '../../rows/sides.ts'
import { isPresent, readPresent, readStates } from '../../rows/states.ts'
import { rowDigest } from '../../sql/column-digest.ts'
import { asText, fromTable, inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'
import { rowsToWrite } from '../measure/transformed-rows.ts'
import { fresh, type MappedRows } from './mapping.ts'

/** True for tables whose rows can come back under another key of their own. */
export const mayHaveTwins = (table: SharedTable): boolean =>
  table.allocation !== null && table.identity.includes(table.allocation.column)

/** Twins by packed backup key. `taken` live rows stand in for others. */
export const findTwins = async (
  sides: Sides,
  rows: MappedRows,
  taken: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> =>
  assignTwins(sides, rows.table, { candidates: await findCandidates(sides, rows, []), taken })

/** By which columns rows are held against live's. */
interface Compared {
  /** Compared by their digest: they are written as they are. */
  readonly fixed: readonly string[]
  /** Of those, columns that are likely indexed: typed equality lets the server look rows up instead of reading the table. */
  readonly lead: readonly string[]
  /** Columns whose values are sent: those that lead, and references that are mapped. */
  readonly sent: readonly string[]
}

/** What is compared: all but the allocated column and those ignored. */
const columnsToCompare = ({ table, rewritten }: MappedRows, ignored: readonly string[]): Compared => {
  const mapped = [...new Set([...rewritten.values()].flatMap((row) => [...row.keys()]))].filter(
    (name) => !ignored.includes(name),
  )
  const left = [...mapped, ...ignored, table.allocation?.column]
  const fixed = comparedColumns(table).filter((name) => !left.includes(name))
  const keyed = [
    ...table.live.uniques.flatMap(({ columns }) => columns),
    ...table.live.foreignKeys.flatMap((k) => k.columns),
  ]
  const lead = fixed.filter((name) => keyed.includes(name) && columnOf(table.live, name)?.notNull)
  return { fixed, lead, sent: [...lead, ...mapped] }
}

/** Live rows that equal a backup row in all compared columns but the allocated one and those ignored: one list for rows that are alike. */
export const findCandidates = async (
  sides: Sides,
  rows: MappedRows,
  ignored: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const candidates = new Map<string, readonly string[]>()
  if (!mayHaveTwins(rows.table)) return candidates
  const compared = columnsToCompare(rows, ignored)
  for (const keys of compared.fixed.length === 0 ? [] : inBatches(rows.keys)) {
    const images = await readImages(sides, { ...rows, keys }, compared)
    const alike = [...Map.groupBy(images, ({ values }) => JSON.stringify(values)).values()]
    const wanted = alike.map(([first]) => first?.values ?? [])
    for (const [place, live] of await findEqual(sides, rows.table, { ...compared, wanted })) {
      for (const { key } of alike[place] ?? []) candidates.set(key, live)
    }
  }
  return candidates
}

/** The digest and the values sent of each row, as it would be written. Rows with a value that the run allocates are absent. */
const readImages = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
  { fixed, sent }: Compared,
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

/** Live keys that are the backup's own rows: the same key, the same record. */
export const ownRows = async (
  sides: Sides,
  table: SharedTable,
  liveKeys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const inBackup = await readPresent(sides.backup, table, liveKeys)
  const states = await readStates(sides, table, [...inBackup])
  return new Set([...inBackup].filter((key) => isPresent(states.get(key))))
}

/** Live rows that may be twins, by the backup's row, and live rows that stand in for others. Keys are packed. */
export interface Offered {
  readonly candidates: ReadonlyMap<string, readonly string[]>
  readonly taken: ReadonlySet<string>
}

/** Gives each live row to one backup row at most; those that are taken are given to none, the backup's own rows to none but themselves. */
export const assignTwins = async (
  sides: Sides,
  table: SharedTable,
  { candidates, taken }: Offered,
): Promise<ReadonlyMap<string, string>> => {
  const lists = new Set(candidates.values())
  const own = await ownRows(sides, table, [...new Set([...lists].flat())])
  const used = new Set<string>()
  const isFree = (live: string): boolean => !used.has(live) && !own.has(live) && !taken.has(live)
  // Of a list that many rows share, what has been passed over is not looked at again.
  const passed = new Map<readonly string[], number>()
  const twins = new Map<string, string>()
  // It came back under its own key, and follows others that did not.
  for (const [key, live] of candidates) {
    if (!own.has(key) || taken.has(key) || !live.includes(key)) continue
    used.add(key)
    twins.set(key, key)
  }
  for (const [key, live] of candidates) {
    if (twins.has(key)) continue
    let position = passed.get(live) ?? 0
    while (position < live.length && !isFree(live[position] ?? '')) position++
    passed.set(live, position)
    const free = live[position]
    if (free === undefined) continue
    used.add(free)
    twins.set(key, free)
  }
  return twins
}
