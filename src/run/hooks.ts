/**
 * The config file's own SQL inside the run's transaction. It runs from within a DO block, where the server itself refuses to begin,
 * commit or roll back anything (PL/pgSQL, "Transaction Management"), and with triggers and foreign keys at work, whatever the run's own
 * writes do without. After it the transaction must still be the same, everything pinned is pinned again, and no used table is altered.
 */
import { sql } from 'kysely'
import { fingerprint } from '../catalog/read/fingerprint.ts'
import { readCatalog } from '../catalog/read/read.ts'
import { beginActing } from '../database/acting.ts'
import { literal, quote } from '../database/names.ts'
import type { Writer } from '../database/session/reader.ts'
import type { Session } from '../database/session/session.ts'
import { RowgraftError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { switchTriggersOn } from './transaction-start.ts'

export type HookTime = 'before' | 'after'

export interface HookInput {
  readonly session: Session
  readonly plan: Plan
  readonly when: HookTime
  /** Pins everything that is pinned in a run's transaction, triggers included. */
  readonly pin: () => Promise<void>
}

const advice = 'Mend "hooks" in the config file, and make the plan again.'

/** SQLSTATEs of what no block may do: transaction commands, and procedures that end the transaction. */
const isTransactionCommand = ({ sqlstate, message }: RowgraftError): boolean =>
  sqlstate === '2D000' || (sqlstate === '0A000' && /transaction command/.test(message))

const failed = (when: HookTime, error: unknown): unknown => {
  if (!(error instanceof RowgraftError) || error.code !== 'server-error') return error
  const fields = { sqlstate: error.sqlstate, cause: error.cause, advice }
  return isTransactionCommand(error)
    ? new RowgraftError('rolled-back', `the ${when} SQL of the config file may not begin, commit or roll back`, {
        ...fields,
        detail: `It runs inside the transaction of the run.\n${error.message}`,
      })
    : new RowgraftError(error.code, `the ${when} SQL of the config file failed: ${error.message}`, {
        ...fields,
        detail: error.detail,
      })
}

/** Which transaction this is, and whose. */
const readTransaction = async (writer: Writer): Promise<readonly [string, string]> => {
  const [row] = await writer.rows(sql`select pg_catalog.pg_current_xact_id()::text, current_user::text`)
  return [row?.[0] ?? '', row?.[1] ?? '']
}

const execute = async (writer: Writer, when: HookTime, text: string): Promise<void> => {
  const before = await readTransaction(writer)
  try {
    const [statements, language] = [literal(`begin execute ${quote(text)}; end`), sql`language plpgsql`]
    await writer.execute(sql`do ${language} ${statements}`)
  } catch (error) {
    throw failed(when, error)
  }
  const after = await readTransaction(writer)
  if (before[0] !== after[0]) {
    throw new RowgraftError('rolled-back', `the ${when} SQL of the config file ended the transaction of the run`, {
      hint: 'Mend "hooks" in the config file. Nothing of the run is in live.',
    })
  }
  if (before[1] !== after[1]) {
    throw new RowgraftError('rolled-back', `the ${when} SQL of the config file became role "${after[1]}"`, {
      advice: `${advice} Name a role for the whole run with --role.`,
    })
  }
}

/** Does something as the role that connected: another one need not be allowed to. */
const asConnected = async ({ session }: HookInput, writer: Writer, work: () => Promise<void>): Promise<void> => {
  if (session.acting.role !== null) await writer.execute(sql`set local role none`)
  await work()
  await beginActing(session)
}

/** Before anything is written triggers may be switched off and on; after it every used table is as it was. */
const refuseAltered = async (writer: Writer, { plan, when }: HookInput, known: Fingerprints): Promise<void> => {
  for (const [id, now] of await readFingerprints(writer, plan, when)) {
    if (now === known.get(id)) continue
    const what = now === null ? 'dropped' : 'altered'
    throw new RowgraftError('rolled-back', `the SQL of the config file ${what} table "${id}"`, {
      detail: 'The plan, its verification and its undo rely on the definition it had.',
      advice,
    })
  }
}

type Fingerprints = ReadonlyMap<string, string | null>

/** Of the tables that the plan uses; before the writes without their triggers. */
const readFingerprints = async (writer: Writer, plan: Plan, when: HookTime): Promise<Fingerprints> => {
  const { tables } = await readCatalog(writer)
  const found = Object.keys(plan.fingerprints).map((id): readonly [string, string | null] => {
    const table = tables.find((candidate) => candidate.id === id)
    if (table === undefined) return [id, null]
    return [id, fingerprint(when === 'before' ? { ...table, triggers: [] } : table)]
  })
  return new Map(found)
}

/** What is wrong with written rows may well have been done by the SQL that ran after the writes. */
export const blameHooks = (plan: Plan, error: unknown): unknown => {
  const isVerification = error instanceof RowgraftError && error.code === 'verification-failed'
  if (plan.options.hooks.after.length === 0 || !isVerification) return error
  const { message, detail, cause } = error
  const more = 'The after SQL of the config file ran before this was verified.'
  return new RowgraftError(error.code, message, {
    detail: detail === undefined ? more : `${detail}\n${more}`,
    hint: error.hint,
    advice: error.advice,
    cause,
  })
}

/** Runs the SQL of the config file for this moment. Throws `rolled-back` or `server-error`; needs an empty search_path. */
export const runHooks = async (writer: Writer, input: HookInput): Promise<void> => {
  const { session, plan, when } = input
  const { hooks } = plan.options
  const statements = hooks[when]
  // What the SQL before the writes switched off must be on again in the end.
  if (statements.length === 0 && (when === 'before' || hooks.before.length === 0)) return
  const known: Fingerprints =
    when === 'before' ? await readFingerprints(writer, plan, when) : new Map(Object.entries(plan.fingerprints))
  for (const text of statements) {
    await asConnected(input, writer, () => switchTriggersOn(writer))
    await writer.rows(sql`select pg_catalog.set_config('search_path', ${session.searchPath}, true)`)
    await execute(writer, when, text)
    await asConnected(input, writer, async () => {
      await switchTriggersOn(writer)
      await input.pin()
    })
  }
  await refuseAltered(writer, input, known)
}
