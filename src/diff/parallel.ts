/**
 * Several tables at once, each on a connection of its own per side, all in the same two snapshots. A connection that is lost is
 * replaced, and its table counted again from the beginning: what was read of it is thrown away, so that nothing is ever mixed.
 */
import { availableParallelism } from 'node:os'
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import { RowgraftError } from '../errors.ts'
import { forkSides, type Sides } from '../rows/sides.ts'
import { type DiffOptions, diffTable, type TableDiff } from './diff.ts'

export interface CountOptions extends DiffOptions {
  /** Connections per side; those that tables do not need become parallel workers. Default: what both servers can spare. */
  readonly jobs?: number | undefined
}

/** More than this many connections nobody asked for. */
const mostByDefault = 4

const readSpare = async (reader: Reader): Promise<number> => {
  const [row] = await reader.rows(sql`
    select (pg_catalog.current_setting('max_connections')::integer
            - pg_catalog.current_setting('superuser_reserved_connections')::integer
            - (select pg_catalog.count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'))::text`)
  return Number(row?.[0] ?? 0)
}

/** A quarter of the connections to spare, and a core for each of the two servers and this process. */
const chooseJobs = async (sides: Sides): Promise<number> => {
  const spare = await Promise.all([readSpare(sides.live), readSpare(sides.backup)])
  return Math.max(
    1,
    Math.min(mostByDefault, Math.floor(Math.min(...spare) / 4), Math.floor(availableParallelism() / 3)),
  )
}

const isLost = (error: unknown): boolean => error instanceof RowgraftError && error.code === 'connection-lost'

/** Counts tables until none is left. The largest come first: the last one decides when all are done. */
class Counter {
  readonly #sides: Sides
  readonly #queue: SharedTable[]
  readonly #options: CountOptions

  constructor(sides: Sides, tables: readonly SharedTable[], options: CountOptions) {
    this.#sides = sides
    this.#options = options
    this.#queue = [...tables].sort((a, b) => b.backup.estimatedRows - a.backup.estimatedRows)
  }

  /** Counts one table after the other on connections of its own. */
  async *count(workers: number): AsyncGenerator<TableDiff> {
    let fork = await forkSides(this.#sides, workers)
    try {
      for (let table = this.#queue.shift(); table !== undefined; table = this.#queue.shift()) {
        const counted = await diffTable(fork.sides, table, this.#options).catch((error: unknown) => {
          if (!isLost(error)) throw error
          return null
        })
        if (counted !== null) {
          yield counted
          continue
        }
        await fork.close()
        fork = await forkSides(this.#sides, workers)
        yield await diffTable(fork.sides, table, this.#options)
      }
    } finally {
      this.#queue.length = 0
      await fork.close()
    }
  }
}

/** Yields what any of the generators yields next. When one fails, the others end after what they are at. */
async function* merge<T>(generators: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const step = async (from: AsyncGenerator<T>) => ({ from, result: await from.next() })
  const pending = new Map(generators.map((each) => [each, step(each)]))
  try {
    while (pending.size > 0) {
      const { from, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(from)
        continue
      }
      pending.set(from, step(from))
      yield result.value
    }
  } finally {
    await Promise.allSettled(pending.values())
    await Promise.allSettled(generators.map((each) => each.return(undefined)))
  }
}

/** Counts the tables; with several jobs in no particular order, as each is done. */
export async function* countTables(
  sides: Sides,
  tables: readonly SharedTable[],
  options: CountOptions = {},
): AsyncGenerator<TableDiff> {
  const jobs = sides.forks === null ? 1 : (options.jobs ?? (tables.length > 1 ? await chooseJobs(sides) : 1))
  const together = Math.min(jobs, tables.length)
  const workers = options.jobs === undefined ? 0 : Math.max(0, Math.floor(jobs / Math.max(1, together)) - 1)
  if (together <= 1) {
    for (const table of tables) yield await diffTable({ ...sides, workers }, table, options)
    return
  }
  const counter = new Counter(sides, tables, options)
  yield* merge(Array.from({ length: together }, () => counter.count(workers)))
}
