/** Errors as people read them: one line, the facts indented, and a hint. */
import { ConflictError, LeftOutError, RefusedError, UnknownIncidentError } from '../data.ts'
import type { RowgraftError } from '../errors.ts'
import { wrap } from './layout.ts'
import { wordConflict } from './reasons/conflict.ts'
import { whyLeftOut } from './reasons/left-out.ts'
import { whyNoIncident } from './reasons/no-incident.ts'
import { wordRefusal } from './reasons/refusal.ts'
import { hidePasswords, sanitise, sanitiseLines } from './sanitise.ts'

const nameIncidents = ({ known: { incidents, leftOut } }: UnknownIncidentError): string => {
  const known = [
    ...incidents.map(({ id, label }) => `${id}  ${label}`),
    ...leftOut.flatMap((rows) => (rows.id === null ? [] : [`${rows.id}  ${rows.table}: ${whyNoIncident(rows)}`])),
  ]
  return known.length === 0 ? 'Nothing is missing.' : known.slice(0, 40).join('\n')
}

/** The detail of an error: its own, or the facts that it has instead, in words. */
export const detailOf = (error: RowgraftError): string | undefined => {
  if (error instanceof ConflictError) return error.conflicts.map((conflict) => wordConflict(conflict)).join('\n')
  if (error instanceof LeftOutError) return `it is left out: ${whyLeftOut(error.leftOut)}`
  if (error instanceof RefusedError) return error.refusal === null ? undefined : wordRefusal(error.refusal)
  if (error instanceof UnknownIncidentError) return nameIncidents(error)
  return error.detail
}

/** An answer to the user. Detail and hint wrap; the first line never does, so that it can be searched for. */
export const formatError = (error: RowgraftError, width: number): string => {
  const { message, hint } = error
  const detail = detailOf(error)
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
