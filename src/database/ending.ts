/** How a transaction ends: COMMIT and its answer, or a ROLLBACK that is confirmed. */
import type { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type connectClient, oneStatement } from './session/client.ts'

type Client = Awaited<ReturnType<typeof connectClient>>

/** What was heard after COMMIT: a tag or an error; or nothing, for as long as anybody waited. */
export type CommitAnswer =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'silence' }

/** Milliseconds for a ROLLBACK, which the server has little to do for. */
const rollbackPatience = 2_000

/**
 * Sends COMMIT. Never rejects. The server sends the tag once the transaction is committed: what becomes of the connection between the tag
 * and ReadyForQuery changes nothing (PostgreSQL manual, "Extended Query").
 */
export const sendCommit = async (client: Client, wrap: (error: unknown) => unknown): Promise<CommitAnswer> => {
  const { connection } = client as unknown as { readonly connection: EventEmitter }
  let first: string | null = null
  const hear = ({ text }: { readonly text: string }): void => {
    first ??= text
  }
  connection.on('commandComplete', hear)
  try {
    const { command } = await client.query({ ...oneStatement, text: 'commit' })
    return { kind: 'tag', tag: first ?? command }
  } catch (error) {
    return first === 'COMMIT' ? { kind: 'tag', tag: first } : { kind: 'error', error: wrap(error) }
  } finally {
    connection.off('commandComplete', hear)
  }
}

/** Rolls back. False where the server does not say in time that it did: then cutting the connection makes it do so. */
export const rollBack = async (client: Client): Promise<boolean> => {
  const waiting = new AbortController()
  const silence = sleep(rollbackPatience, false, { signal: waiting.signal }).catch(() => false)
  const asked = client.query('rollback').then(
    ({ command }) => command === 'ROLLBACK',
    () => false,
  )
  try {
    return await Promise.race([asked, silence])
  } finally {
    waiting.abort()
  }
}
