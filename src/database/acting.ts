/**
 * Whom live sees at work: a role that every transaction becomes, and settings it makes, both for the transaction alone. For owners
 * without login, and for triggers and policies that read settings.
 */
import { sql } from 'kysely'
import { RowgraftError } from '../errors.ts'
import { displayAlone } from './display.ts'
import type { Query } from './names.ts'
import type { Session } from './session/session.ts'
import type { Acting } from './session/session-options.ts'
import { pinnedNames } from './settings.ts'

/** What to use instead of a setting that is rowgraft's own business. */
const instead: Readonly<Record<string, string>> = {
  role: 'Name the role with --role.',
  session_authorization: 'Name the role with --role.',
  session_replication_role: 'Use --triggers off or --bulk.',
  statement_timeout: 'Use --timeout.',
  lock_timeout: 'Use --lock-timeout.',
  search_path: 'Put it into the connection (options=-csearch_path=...), or alter the role.',
}

const own: ReadonlySet<string> = new Set(
  [
    ...pinnedNames,
    ...Object.keys(instead),
    'synchronous_commit',
    'client_connection_check_interval',
    'transaction_isolation',
    'transaction_read_only',
    'transaction_deferrable',
  ].map((name) => name.toLowerCase()),
)

/** Throws `usage` for a setting on which the truth of values, or the run itself, depends. */
export const refuseOwnSettings = (settings: Acting['settings']): void => {
  for (const name of Object.keys(settings)) {
    if (!own.has(name.toLowerCase())) continue
    throw new RowgraftError('usage', `the setting "${name}" is pinned by rowgraft and cannot be set`, {
      detail: 'What is read, written and verified depends on it.',
      hint: instead[name.toLowerCase()] ?? 'Leave it out of --setting and of "settings" in the config file.',
    })
  }
}

const set = async (session: Session, query: Query, refused: (error: RowgraftError) => RowgraftError): Promise<void> => {
  try {
    await session.execute(query)
  } catch (error) {
    throw error instanceof RowgraftError && error.code === 'server-error' ? refused(error) : error
  }
}

/** Says why the role cannot be become. 42501: insufficient privilege. */
const refusedRole = (role: string, session: Session, error: RowgraftError): RowgraftError =>
  error.sqlstate === '42501'
    ? new RowgraftError('missing-privileges', `the role that connects to live may not become role "${role}"`, {
        detail: `grant ${displayAlone(role)} to ${displayAlone(session.target.user)};`,
        hint: 'Have it granted, connect with another role, or leave --role out.',
        cause: error.cause,
      })
    : new RowgraftError('usage', `role "${role}" cannot be used on live: ${error.message}`, {
        hint: 'Name a role that live has with --role, or with "role" in the config file.',
        cause: error.cause,
      })

const refusedSetting = (name: string, error: RowgraftError): RowgraftError =>
  new RowgraftError('usage', `live does not take the setting "${name}": ${error.message}`, {
    detail: error.detail,
    hint: 'Settings of an application have a dot in their name: --setting app.user=restore.',
    cause: error.cause,
  })

/** Makes the settings and becomes the role, until the transaction that has just begun ends. */
export const beginActing = async (session: Session): Promise<void> => {
  const { role, settings } = session.acting
  refuseOwnSettings(settings)
  for (const [name, value] of Object.entries(settings)) {
    const query = sql`select pg_catalog.set_config(${name}, ${value}, true)`
    await set(session, query, (error) => refusedSetting(name, error))
  }
  if (role === null) return
  await set(session, sql`set local role ${sql.id(role)}`, (error) => refusedRole(role, session, error))
}

/** Throws `missing-privileges` unless whoever connects may switch triggers off: asked by doing it, in a transaction that is rolled back. */
export const refuseTriggersOff = async (session: Session): Promise<void> => {
  const refused = (error: RowgraftError): RowgraftError =>
    error.sqlstate === '42501'
      ? new RowgraftError('missing-privileges', 'the role that connects to live may not switch triggers off', {
          detail:
            session.version >= 150_000
              ? `grant set on parameter session_replication_role to ${displayAlone(session.target.user)};`
              : 'PostgreSQL 14 lets superusers alone do it.',
          hint: 'Have it granted, connect with another role, or use neither --bulk nor --triggers off.',
          cause: error.cause,
        })
      : error
  await session.execute(sql`begin read only`)
  try {
    await set(session, sql`set local session_replication_role = replica`, refused)
  } finally {
    await session.rollback()
  }
}

/** Runs `work` with another role and other settings in its transactions. */
export const withActing = async <T>(session: Session, acting: Acting, work: () => Promise<T>): Promise<T> => {
  const before = session.acting
  session.acting = { role: acting.role, settings: acting.settings }
  try {
    return await work()
  } finally {
    session.acting = before
  }
}
