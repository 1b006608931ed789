/** The settings pinned in every transaction, per side, and why each. All are transaction-local, so that poolers stay clean. */
import { sql } from 'kysely'
import type { Query } from './names.ts'

/** Which of the two databases a session talks to. */
export type Side = 'live' | 'backup'

/** Limits of one transaction, in milliseconds; 0 means none. */
export interface Timeouts {
  readonly statement: number
  readonly lock: number
  readonly idle: number
}

/** Reading: a long scan may take its time, a lock is never worth waiting long for. */
export const readTimeouts: Timeouts = { statement: 0, lock: 5_000, idle: 0 }

/** Writing: the server ends a frozen tool, and nobody on live waits for us for long. */
export const writeTimeouts: Timeouts = { statement: 600_000, lock: 5_000, idle: 300_000 }

/** Settings that change what a value looks like as text, or which rows are seen. */
const pinned: readonly (readonly [string, string])[] = [
  ['client_encoding', 'UTF8'], // values are compared as UTF-8 text
  ['DateStyle', 'ISO, MDY'], // one spelling of dates
  ['IntervalStyle', 'postgres'], // sql_standard is ambiguous for mixed signs
  ['TimeZone', 'UTC'], // one spelling of instants
  ['extra_float_digits', '3'], // floats round-trip
  ['bytea_output', 'hex'], // one spelling of bytes
  ['lc_monetary', 'C'], // one spelling of money
  ['xmloption', 'content'], // fragments of XML are values too
  ['array_nulls', 'on'], // NULL in an array literal is a null
  ['standard_conforming_strings', 'on'], // a backslash in a literal is a backslash
  ['transform_null_equals', 'off'], // = NULL is not is null
  ['row_security', 'off'], // a policy that would hide rows is an error, not a silent filter
  ['quote_all_identifiers', 'off'], // definitions read the same on both sides
  ['synchronize_seqscans', 'off'], // scans start at the beginning
]

/** Names of everything that is pinned on both sides. */
export const pinnedNames: readonly string[] = [
  ...pinned.map(([name]) => name),
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
]

type Settings = readonly (readonly [name: string, value: string])[]

/** Everything that is pinned for a transaction. */
export const pinnedSettings = (extra: Settings, timeouts: Timeouts): Settings => [
  ...pinned,
  ['statement_timeout', String(timeouts.statement)],
  ['lock_timeout', String(timeouts.lock)],
  ['idle_in_transaction_session_timeout', String(timeouts.idle)],
  // Queries of the catalog look dear to the planner and read little: to compile them takes longer than to run them. Not pinned: it shows nowhere.
  ['jit', 'off'],
  ...extra,
]

/** One statement that pins everything for the current transaction; its last column is the backend's pid, new behind a pooler. */
export const pinSettings = (extra: Settings, timeouts: Timeouts): Query => {
  const pins = pinnedSettings(extra, timeouts).map(
    ([name, value]) => sql`pg_catalog.set_config(${name}, ${value}, true)`,
  )
  return sql`select ${sql.join(pins)}, pg_catalog.pg_backend_pid()::text`
}

/**
 * A setting for statements over whole sets of rows: for each sort or hash an eighth of what the server gives its buffers, from 64 to
 * 256 MB, unless it gives more by itself.
 */
export const roomyMemory = (): Query => sql`
  pg_catalog.set_config('work_mem', greatest(
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) / 1024,
    65536,
    least(pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) / 1024 / 8, 262144)) || 'kB', true)`
