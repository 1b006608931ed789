/** What an open side is, for people; and whether a plan was made for it. */
import { type DatabaseIdentity, isSameDatabase } from '../catalog/read/identity.ts'
import { RowgraftError } from '../errors.ts'
import type { OpenPair, OpenSide } from './connect.ts'

/** A side as people know it; never with a password. */
export interface SideInfo {
  readonly label: string
  readonly database: string
  readonly user: string
  /** `18.4` */
  readonly version: string
}

/** An open side, described. */
export const describeSide = ({ label, catalog, session }: OpenSide): SideInfo => ({
  label,
  database: catalog.database,
  user: catalog.user,
  version: `${Math.floor(session.version / 10_000)}.${session.version % 10_000}`,
})

/** The backup. Throws `bad-conninfo` where none is given. */
export const backupOf = ({ backup }: OpenPair): OpenSide => {
  if (backup !== null) return backup
  throw new RowgraftError('bad-conninfo', 'the backup is not given', {
    hint: 'Give it with --backup <url or file> or ROWGRAFT_BACKUP.',
  })
}

/** Throws `wrong-database` unless the plan was made for these very databases. */
export const checkPlanned = (
  { live, backup }: OpenPair,
  plan: { readonly live: DatabaseIdentity; readonly backup: DatabaseIdentity | null },
): void => {
  const sides = [
    { name: 'live', planned: plan.live, here: live.identity },
    ...(plan.backup === null || backup === null
      ? []
      : [{ name: 'the backup', planned: plan.backup, here: backup.identity }]),
  ]
  const wrong = sides.find(({ planned, here }) => !isSameDatabase(planned, here))
  if (wrong === undefined) return
  throw new RowgraftError('wrong-database', `the plan was made for another database: ${wrong.name} differs`, {
    detail: `planned for "${wrong.planned.database}", connected to "${wrong.here.database}"`,
    hint: 'Connect to the databases the plan was made for, or make it again.',
  })
}
