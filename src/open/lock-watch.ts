/**
 * Who holds the lock that a statement waits for. A statement that lasts is looked at from outside, over a connection of its own, and only
 * one that waits makes the server look for who is in its way (`pg_blocking_pids` stops all locking for a moment).
 */
import { sql } from 'kysely'
import type { Session } from '../database/session/session.ts'
import type { Side } from '../database/settings.ts'

/** Another session of the server that holds a lock, or is before us in the queue for it. */
export interface LockHolder {
  /** Process of the server; 0 for a prepared transaction. */
  readonly pid: number
  readonly user: string | null
  readonly application: string | null
  /** Milliseconds since its transaction began; null where the role may not see that. */
  readonly elapsed: number | null
}

/** Milliseconds that a statement may last before anybody looks, and between two looks at one that waits. */
const patience = 2_000

/** Milliseconds that a look may take. */
const limit = 5_000

const readHolders = async (session: Session): Promise<readonly LockHolder[]> => {
  const outside = await session.another(limit)
  try {
    const { rows } = await outside.execute(sql`
      select b.pid::text, h.usename::text, h.application_name,
             (extract(epoch from pg_catalog.clock_timestamp() - h.xact_start) * 1000)::bigint::text
      from pg_catalog.pg_stat_activity a
      cross join lateral pg_catalog.unnest(
        case when a.wait_event_type = 'Lock' then pg_catalog.pg_blocking_pids(a.pid) else '{}' end) as b(pid)
      left join pg_catalog.pg_stat_activity h on h.pid = b.pid
      where a.pid = ${session.pid}::integer`)
    return rows.map(([pid, user = null, application = null, elapsed]) => ({
      pid: Number(pid),
      user,
      application: application === '' ? null : application,
      elapsed: elapsed == null ? null : Number(elapsed),
    }))
  } finally {
    await outside.close()
  }
}

/** Watches one session. */
class LockWatch {
  readonly #session: Session
  readonly #tell: (holders: readonly LockHolder[]) => void
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | null = null
  #next = patience
  #waits = false

  constructor(session: Session, tell: (holders: readonly LockHolder[]) => void) {
    this.#session = session
    this.#tell = tell
    this.#timer = setInterval(() => this.#beat(), patience / 4).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  #beat(): void {
    const { busySince } = this.#session
    const lasts = busySince === null ? 0 : performance.now() - busySince
    if (lasts < patience) {
      this.#next = patience
      this.#found([])
    } else if (lasts >= this.#next && this.#looking === null) {
      this.#looking = this.#look(lasts).finally(() => {
        this.#looking = null
      })
    }
  }

  /** One that does not wait is looked at less and less often. */
  async #look(lasts: number): Promise<void> {
    try {
      this.#found(await readHolders(this.#session))
      this.#next = lasts + (this.#waits ? patience : Math.max(patience, lasts / 2))
    } catch {
      // No other connection to be had, as of a full server, or a pooler: nobody is told.
      clearInterval(this.#timer)
    }
  }

  #found(holders: readonly LockHolder[]): void {
    if (this.#waits || holders.length > 0) this.#tell(holders)
    this.#waits = holders.length > 0
  }
}

/** Watches sessions until what it returns is called, and has settled. It keeps no process alive. */
export const watchLocks = (
  sessions: readonly Session[],
  tell: (side: Side, holders: readonly LockHolder[]) => void,
): (() => Promise<void>) => {
  const watches = sessions.map((session) => new LockWatch(session, (holders) => tell(session.side, holders)))
  return async () => {
    for (const watch of watches) await watch.stop()
  }
}
