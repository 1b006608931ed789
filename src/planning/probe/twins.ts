/**
 * Twins: live rows equal to a backup row in every column but the allocated one. Such a row looks as if an earlier run, whose journal is
 * gone, had brought it back under another key. References are compared as mapped; a live row that is the backup's own row of that
 * key is no other row's twin; each live row is the twin of one backup row at most.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { all, column, type Query } from '../../database/names.ts'
import { packKey } from '../../keys/key.ts'
import { comparedColumns } from '../../rows/records/records.ts'
import type { Sides } from '../../rows/sides.ts'
import { isPresent, readPresent, readStates } from '../../rows/states.ts'
import { rowDigest } from '../../sql/column-digest.ts'
import { asText, fromTable, inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'
import { rowsToWrite } from '../measure/transformed-rows.ts'
import { fresh, type MappedValue } from './mapping.ts'

/** True for tables whose rows can come back under another key of their own. */
export const mayHaveTwins = (table: SharedTable): boolean =>
  table.allocation !== null && table.identity.includes(table.allocation.column)

/** Twins by packed backup key. `rewritten` are the columns whose references are mapped, per row; `taken` live rows stand in for others. */
export const findTwins = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
  rewritten: ReadonlyMap<string, ReadonlyMap<string, MappedValue>>,
  taken: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> =>
  assignTwins(sides, table, await findCandidates(sides, table, keys, rewritten, []), taken)

/** As the condition of a join it is worked out for every live row; where other columns lead, only for those they lead to. */
const isSameDigest = (digest: Query, isLed: boolean): Query =>
  isLed ? sql`not (${digest} is distinct from k.digest)` : sql`${digest} = k.digest`

/** Live rows that equal a backup row in all compared columns but the allocated one and those ignored: one list for rows that are alike. */
export const findCandidates = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
  rewritten: ReadonlyMap<string, ReadonlyMap<string, MappedValue>>,
  ignored: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  if (!mayHaveTwins(table)) return new Map()
  const mapped = [...new Set([...rewritten.values()].flatMap((row) => [...row.keys()]))].filter(
    (name) => !ignored.includes(name),
  )
  const left = [...mapped, ...ignored, table.allocation?.column]
  const fixed = comparedColumns(table).filter((name) => !left.includes(name))
  if (fixed.length === 0) return new Map()
  // Typed equality on columns that are likely indexed lets the server look rows up instead of reading the table.
  const keyed = [
    ...table.live.uniques.flatMap(({ columns }) => columns),
    ...table.live.foreignKeys.flatMap((k) => k.columns),
  ]
  const lead = fixed.filter((name) => keyed.includes(name) && columnOf(table.live, name)?.notNull)
  const sent = [...lead, ...mapped]
  const candidates = new Map<string, readonly string[]>()
  for (const batch of inBatches(keys)) {
    const { read, from } = await rowsToWrite(sides, table, batch)
    const images = await read(sql`
      select ${ordinal('k')}::text, ${rowDigest('t', fixed, sides.digest)}::text
        ${sent.length === 0 ? sql`` : sql`, ${asText('t', sent)}`}
      from ${from}`)
    const rows = images.flatMap(([ord, digest, ...values]) => {
      const key = batch[Number(ord) - 1] ?? ''
      const own = rewritten.get(key)
      const sentValues = sent.map((name, position) => (own?.has(name) ? own.get(name) : values[position]) ?? null)
      if (sentValues.includes(fresh)) return []
      return [{ key, values: [digest ?? null, ...sentValues.map((value) => (value === fresh ? null : value))] }]
    })
    const alike = [...Map.groupBy(rows, ({ values }) => JSON.stringify(values)).values()]
    const names = sent.map((_, position) => `v${position}`)
    const found = await sides.live.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', table.identity)}
      from ${valueSource(
        [sql`bigint`, ...sent.map((name) => typeOf(table.live, name))],
        alike.map(([row]) => row?.values ?? []),
        { names: ['digest', ...names] },
      )}
      join ${fromTable(table.live)} as t
        on ${isSameDigest(rowDigest('t', fixed, sides.digest), lead.length > 0)}
        and ${all(
          sent.map((name, p) =>
            lead.includes(name)
              ? sql`${column('t', name)} = ${column('k', `v${p}`)}`
              : sql`${column('t', name)} is not distinct from ${column('k', `v${p}`)}`,
          ),
        )}
      order by 1, 2`)
    for (const [ord, own] of Map.groupBy(found, ([position]) => Number(position))) {
      const live = own.map(([, ...key]) => packKey(key))
      for (const { key } of alike[ord - 1] ?? []) candidates.set(key, live)
    }
  }
  return candidates
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

/** Gives each live row to one backup row at most; those that are taken are given to none, the backup's own rows to none but themselves. */
export const assignTwins = async (
  sides: Sides,
  table: SharedTable,
  candidates: ReadonlyMap<string, readonly string[]>,
  taken: ReadonlySet<string>,
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
