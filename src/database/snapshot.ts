/** One snapshot read over several connections, so that what they read together is of one moment. */
import { sql } from 'kysely'
import type { Reader } from './session/reader.ts'
import type { Session } from './session/session.ts'
import { beginRead } from './transaction.ts'

/** Another connection that reads the same snapshot. Close it. */
export interface Fork {
  readonly reader: Reader
  close(): Promise<void>
}

/** Opens forks of a snapshot. They outlive it: only opening one needs the connection it was taken on. */
export type OpenFork = () => Promise<Fork>

/** Lends out the snapshot of `reader`, the open read transaction of `session`. */
export const lendSnapshot =
  (session: Session, reader: Reader): OpenFork =>
  async () => {
    const [row] = await reader.rows(sql`select pg_catalog.pg_export_snapshot()`)
    const other = await session.another()
    try {
      return { reader: await beginRead(other, { snapshot: row?.[0] ?? '' }), close: () => other.close() }
    } catch (error) {
      await other.close()
      throw error
    }
  }
