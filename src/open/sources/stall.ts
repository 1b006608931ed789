/**
 * Notices a pg_restore that will never end: over some damaged rows it reads nothing, sends nothing and goes on for ever, while the
 * server waits in the middle of a COPY.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { openSession } from '../../database/session/session.ts'
import type { Scratch } from './scratch.ts'

/** How far a COPY has come that is waiting for its client; undefined if none is. */
const readPosition = sql`
  select p.pid, p.relid, p.bytes_processed
  from pg_catalog.pg_stat_progress_copy p
  join pg_catalog.pg_stat_activity a on a.pid = p.pid
  where a.wait_event = 'ClientRead'`

const looks = 6

/** Resolves to true when a load has stood still for `patienceMs`, to false when `signal` ends the watch. */
export const watchForStall = async (scratch: Scratch, patienceMs: number, signal: AbortSignal): Promise<boolean> => {
  const session = await openSession(scratch.url, { side: 'backup', env: {} })
  try {
    let last: string | undefined
    let unchanged = 0
    while (unchanged < looks) {
      await delay(patienceMs / looks, undefined, { signal })
      const position = (await session.execute(readPosition)).rows[0]?.join(' ')
      unchanged = position !== undefined && position === last ? unchanged + 1 : 0
      last = position
    }
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  } finally {
    await session.close()
  }
}
