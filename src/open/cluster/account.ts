import { execFileSync } from 'node:child_process'

import { RowgraftError } from '../../errors.ts'

/** The operating system account a server runs as, where it is not our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const number = (flag: '-u' | '-g', name: string): number | undefined => {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) >>> 0
  } catch {
    return undefined
  }
}

/**
 * The account to drop to when we are root, because PostgreSQL refuses to run as root; undefined for everybody else.
 *
 * @throws RowgraftError `cannot-connect` when root finds no account to drop to
 */
export const serverAccount = (): Account | undefined => {
  if (process.geteuid?.() !== 0) return undefined
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const uid = number('-u', name)
    const gid = number('-g', name)
    if (uid && gid) return { uid, gid }
  }
  throw new RowgraftError('cannot-connect', 'no account to run a private PostgreSQL server as', {
    detail: 'PostgreSQL refuses to run as root, and neither "postgres" nor "nobody" exists.',
    hint: 'Create an account named "postgres", or run rowgraft as an ordinary user.',
  })
}
