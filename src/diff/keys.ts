/**
 * Missing, extra and differing keys of one table: both sides stream key and digest in key order, and are merged.
 *
 * JavaScript must order keys exactly as the servers do, whatever their collations: integers are ordered as numbers, uuids as their
 * bytes, everything else by the bytes of its text in UTF-8.
 */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import { rowDigest } from '../catalog/digest.ts'
import { asText, batchSize, fromTable, packKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { column, list, type Query } from '../database/names.ts'
import type { Reader } from '../database/session.ts'
import type { Sides } from './sides.ts'
import { comparedColumns } from './states.ts'

/** What one stretch of the merge found. Keys are packed. */
export interface MergeBatch {
  readonly missing: readonly string[]
  readonly extra: readonly string[]
  /** On both sides, with different digests. */
  readonly differing: readonly string[]
  /** Rows read on both sides for it. */
  readonly read: number
}

type Order = 'number' | 'text' | 'bytes'

const orderOf = (table: SharedTable, name: string): Order => {
  const types = [table.live, table.backup].map((side) => columnOf(side, name)?.baseType ?? '')
  if (types.every((type) => /^(smallint|integer|bigint)$/.test(type))) return 'number'
  return types.every((type) => type === 'uuid') ? 'text' : 'bytes'
}

const compareNumbers = (a: string, b: string): number => {
  if (a === b) return 0
  const [negativeA, negativeB] = [a.startsWith('-'), b.startsWith('-')]
  if (negativeA !== negativeB) return negativeA ? -1 : 1
  const byMagnitude = a.length - b.length || (a < b ? -1 : 1)
  return negativeA ? -byMagnitude : byMagnitude
}

const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

const compareBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))

const comparators: Readonly<Record<Order, (a: string, b: string) => number>> = {
  number: compareNumbers,
  text: compareText,
  bytes: compareBytes,
}

const orderBy = (side: Table, name: string, order: Order): Query =>
  order === 'bytes' && columnOf(side, name) !== undefined
    ? sql`pg_catalog.convert_to(${column('t', name)}::text, 'UTF8')`
    : column('t', name)

interface Entry {
  readonly key: readonly string[]
  readonly digest: string
}

async function* stream(
  sides: Sides,
  reader: Reader,
  table: SharedTable,
  orders: readonly Order[],
): AsyncGenerator<readonly Entry[]> {
  const side = reader.side === 'live' ? table.live : table.backup
  const order = table.identity.map((name, position) => orderBy(side, name, orders[position] ?? 'bytes'))
  const query = sql`
    select ${rowDigest('t', comparedColumns(table), sides.digest)}::text, ${asText('t', table.identity)}
    from ${fromTable(side)} as t
    order by ${list(order)}`
  for await (const rows of reader.batches(query, batchSize)) {
    yield rows.map(([digest, ...key]) => ({ key: key.map((value) => value ?? ''), digest: digest ?? '' }))
  }
}

/** Steps through batches entry by entry, with the next batch asked for while this one is used. */
class Cursor {
  readonly #batches: AsyncGenerator<readonly Entry[]>
  #batch: readonly Entry[] = []
  #position = 0
  #next: Promise<IteratorResult<readonly Entry[]>>

  constructor(batches: AsyncGenerator<readonly Entry[]>) {
    this.#batches = batches
    this.#next = batches.next()
    // The failure is met where the batch is used.
    this.#next.catch(() => undefined)
  }

  get entry(): Entry | undefined {
    return this.#batch[this.#position]
  }

  /** True when the next step needs a new batch. */
  get isDry(): boolean {
    return this.#position >= this.#batch.length
  }

  step(): void {
    this.#position++
  }

  async refill(): Promise<void> {
    const result = await this.#next
    this.#batch = result.done ? [] : result.value
    this.#position = 0
    if (!result.done) {
      this.#next = this.#batches.next()
      this.#next.catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    await this.#next.catch(() => undefined)
    await this.#batches.return(undefined)
  }
}

/** Merges the two ordered streams; yields once per stretch of about `batchSize` rows. */
export async function* mergeKeys(sides: Sides, table: SharedTable): AsyncGenerator<MergeBatch> {
  const orders = table.identity.map((name) => orderOf(table, name))
  const compare = (a: Entry, b: Entry): number => {
    for (let position = 0; position < orders.length; position++) {
      const order = comparators[orders[position] ?? 'bytes'](a.key[position] ?? '', b.key[position] ?? '')
      if (order !== 0) return order
    }
    return 0
  }
  const live = new Cursor(stream(sides, sides.live, table, orders))
  const backup = new Cursor(stream(sides, sides.backup, table, orders))
  const found = { missing: [] as string[], extra: [] as string[], differing: [] as string[], read: 0 }
  try {
    for (;;) {
      if (live.isDry) await live.refill()
      if (backup.isDry) await backup.refill()
      const [here, there] = [live.entry, backup.entry]
      if (here === undefined && there === undefined) break
      const order = here === undefined ? 1 : there === undefined ? -1 : compare(here, there)
      if (order < 0 && here !== undefined) found.extra.push(packKey(here.key))
      else if (order > 0 && there !== undefined) found.missing.push(packKey(there.key))
      else if (here !== undefined && here.digest !== there?.digest) found.differing.push(packKey(here.key))
      if (order <= 0) live.step()
      if (order >= 0) backup.step()
      found.read += order === 0 ? 2 : 1
      if (found.read >= batchSize) {
        yield { ...found }
        Object.assign(found, { missing: [], extra: [], differing: [], read: 0 })
      }
    }
    yield { ...found }
  } finally {
    await live.close()
    await backup.close()
  }
}
