/** What a scan asks of its servers before it reads, and what it tells while it does. */
import { sql } from 'kysely'
import type { Reader } from '../../database/session/reader.ts'

export interface ScanOptions {
  /** `keys`: missing and extra rows only. */
  readonly wants: 'keys' | 'everything'
  /** Rows per bucket, where it must not be chosen. */
  readonly bucketRows?: number | undefined
  /** Told of more rows read on both sides, and of buckets done. */
  readonly onRead: (read: { readonly rows: number; readonly buckets: number }) => void
}

/** Settings of every statement of a scan: enough memory for the buckets, no workers that nobody asked for. */
export const prepareScan = async (reader: Reader, workers: number): Promise<void> => {
  await reader.rows(sql`
    select pg_catalog.set_config('max_parallel_workers_per_gather', ${String(workers)}, true),
           pg_catalog.set_config('work_mem',
             greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024, 65536) || 'kB', true)`)
}

/** Tells every half second that work goes on: one statement over a whole table says nothing until it is done. */
export const withHeartbeat = async <T>(onRead: ScanOptions['onRead'], work: () => Promise<T>): Promise<T> => {
  const beat = setInterval(() => onRead({ rows: 0, buckets: 0 }), 500)
  try {
    return await work()
  } finally {
    clearInterval(beat)
  }
}

/** Ways of the planner that it may be told not to take. */
export type Way = 'sort' | 'seqscan' | 'indexscan' | 'indexonlyscan' | 'bitmapscan'

/** Runs `work` with planner settings (`enable_...`) off, and turns them on again. */
export const without = async <T>(reader: Reader, ways: readonly Way[], work: () => Promise<T>): Promise<T> => {
  if (ways.length === 0) return await work()
  const turn = async (value: 'on' | 'off'): Promise<void> => {
    await reader.rows(
      sql`select ${sql.join(ways.map((way) => sql`pg_catalog.set_config(${`enable_${way}`}, ${value}, true)`))}`,
    )
  }
  await turn('off')
  const result = await work()
  await turn('on')
  return result
}

/** The planner knows nothing of buckets, thinks there is one per row, and would sort whole rows on disk. */
export const withoutSorting = <T>(reader: Reader, work: () => Promise<T>): Promise<T> => without(reader, ['sort'], work)
