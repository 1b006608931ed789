/** Errors as people read them: one line, the facts indented, and a hint. */
import type { RowgraftError } from '../errors.ts'
import { wrap } from './layout.ts'
import { hidePasswords, sanitise, sanitiseLines } from './sanitise.ts'

/** An answer to the user. Detail and hint wrap; the first line never does, so that it can be searched for. */
export const formatError = ({ message, detail, hint }: RowgraftError, width: number): string => {
  const lines = [
    ...sanitiseLines(hidePasswords(message)),
    ...(detail === undefined ? [] : sanitiseLines(hidePasswords(detail)).map((line) => `  ${line}`)),
    ...(hint === undefined ? [] : wrap(`Hint: ${sanitise(hidePasswords(hint))}`, width)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** A bug: what broke, where, and whom to tell. */
export const formatBug = (error: unknown, reportTo: string): string => {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    'This is a bug in rowgraft.',
    ...sanitiseLines(hidePasswords(stack)).map((line) => `  ${line}`),
    `Please report it with the lines above: ${reportTo}`,
    'If a restore or an undo was running, "rowgraft recover" says whether live was changed.',
  ]
    .map((line) => `${line}\n`)
    .join('')
}
