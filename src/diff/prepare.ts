/** What a scan asks of its servers before it reads, and what it tells while it does. */
import { sql } from 'kysely'
import type { Reader } from '../database/reader.ts'

export interface ScanOptions {
  /** `keys`: missing and extra rows only. */
  readonly wants: 'keys' | 'everything'
  /** Rows per bucket, where it must not be chosen. */
  readonly bucketRows?: number | undefined
  /** Told of more rows read on both sides, and of buckets done. */
  readonly onRead: (read: { readonly rows: number; readonly buckets: number }) => void
}

/** Settings of every statement of a scan: enough memory for the buckets, no compiling, no workers that nobody asked for. */
export const prepareScan = async (reader: Reader, workers: number): Promise<void> => {
  await reader.rows(sql`
    select pg_catalog.set_config('jit', 'off', true),
           pg_catalog.set_config('max_parallel_workers_per_gather', ${String(workers)}, true),
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

/** The planner knows nothing of buckets, thinks there is one per row, and would sort whole rows on disk. */
export const withoutSorting = async <T>(reader: Reader, work: () => Promise<T>): Promise<T> => {
  await reader.rows(sql`select pg_catalog.set_config('enable_sort', 'off', true)`)
  const result = await work()
  await reader.rows(sql`select pg_catalog.set_config('enable_sort', 'on', true)`)
  return result
}
