/** Whether the role may switch triggers off. */
import { sql } from 'kysely'
import { displayAlone } from '../database/display.ts'
import type { Reader } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'

/**
 * Throws `missing-privileges` where the role may not set `session_replication_role`. The server is asked by doing it, for this read
 * transaction alone: no catalog of an older server knows.
 */
export const checkTriggersOff = async (live: Reader, user: string): Promise<void> => {
  const set = (role: string): Promise<unknown> =>
    live.rows(sql`select pg_catalog.set_config('session_replication_role', ${role}, true)`)
  try {
    await set('replica')
  } catch (error) {
    if (!(error instanceof RowgraftError) || error.sqlstate !== '42501') throw error
    const [grant, version] = ['grant set on parameter session_replication_role to', 150_000]
    throw new RowgraftError('missing-privileges', `role "${user}" may not switch triggers off in live`, {
      detail:
        live.version >= version ? `${grant} ${displayAlone(user)};` : 'Only a superuser may, before PostgreSQL 15.',
      hint: 'Have this granted, connect with a role that has it, or let triggers fire: --triggers fire.',
      cause: error,
    })
  }
  await set('origin')
}
