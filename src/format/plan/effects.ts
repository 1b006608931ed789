/** What a run does beside writing rows: defaults, triggers, sequences, locks. */
import type { Plan } from '../../plan/plan.ts'
import { formatMissingFiles, formatViews } from '../left.ts'
import { formatColumn, formatTable } from '../names.ts'
import { formatBytes, plural } from '../quantities.ts'
import { whyNotUndoable } from '../reasons/not-undoable.ts'
import { sanitise } from '../sanitise.ts'
import { formatEdits, formatNotes, formatSources } from './values.ts'

const formatTriggers = (plan: Plan): readonly string[] => {
  const words = ({ table, name, events, reachesOutside }: Plan['triggers'][number]): string => {
    const outside = reachesOutside === null ? '' : `; reaches outside: ${reachesOutside}`
    return sanitise(`${formatTable(table)}.${name} (${events.join(', ')}${outside})`)
  }
  const named = (triggers: Plan['triggers']): string => triggers.map(words).join(', ')
  const fired = named(plan.triggers.filter(({ fires }) => fires))
  const silent = named(plan.triggers.filter(({ fires }) => !fires))
  return [
    ...(silent === '' ? [] : [`Does not fire ${silent}.`]),
    ...(fired === '' ? [] : [`${silent === '' ? 'Fires' : 'Fires all the same:'} ${fired}.`]),
    ...(plan.options.triggers === 'off'
      ? ['Writes without triggers; foreign keys and deferrable constraints are checked afterwards, table by table.']
      : []),
  ]
}

/** ` from 8 to 11`: the values it hands out next. */
const moveOf = (plan: Plan, sequence: string): string => {
  const found = plan.sequences.find((each) => each.sequence === sequence && each.after != null)
  return found === undefined ? '' : `, next value ${found.next} → ${found.after}`
}

const formatSequences = (plan: Plan): readonly string[] => {
  const lagging = new Set(
    plan.sequences.flatMap(({ sequence, allocates, after }) =>
      sequence !== null && allocates === 0 && after == null ? [sequence] : [],
    ),
  )
  const raised = plan.sequences.flatMap(({ sequence, allocates, next, after }) =>
    sequence !== null && allocates === 0 && after != null && after !== next ? [sequence] : [],
  )
  return [
    ...plan.sequences
      .filter(({ allocates }) => allocates > 0)
      .map(({ table, column, sequence, allocates }) =>
        sequence === null
          ? `Makes ${plural(allocates, 'new key')} of ${formatTable(table)} as max(${formatColumn(column)}) + 1, and locks the table for that.`
          : `Takes ${plural(allocates, 'new key')} of ${formatTable(table)} from ${formatTable(sequence)}${moveOf(plan, sequence)}.`,
      ),
    ...raised.map((sequence) => `Raises ${formatTable(sequence)}${moveOf(plan, sequence)}.`),
    ...(lagging.size > 0
      ? [`Raises ${[...lagging].map(formatTable).join(', ')} if ${lagging.size === 1 ? 'it is' : 'they are'} behind.`]
      : []),
  ]
}

const formatDefaults = (plan: Plan): readonly string[] =>
  plan.defaults.length === 0
    ? []
    : [
        `Takes the default: ${plan.defaults
          .map(({ table, column, value }) => `${formatTable(table)}.${formatColumn(column)} = ${sanitise(value)}`)
          .join(', ')}.`,
      ]

const formatNarrower = (plan: Plan): readonly string[] => {
  const accepted = plan.options.acceptRounding ?? []
  const open = plan.narrower.filter(({ table, column }) => !accepted.includes(`${table}.${column}`))
  const columns = open.map(
    ({ table, column, live, backup }) =>
      `${formatTable(table)}.${formatColumn(column)} is ${sanitise(live)} in live, ${sanitise(backup)} in the backup`,
  )
  const rounded = accepted.map((column) => formatTable(column)).join(', ')
  return [
    ...(columns.length === 0 ? [] : [`${columns.join('; ')}: a value that does not fit stops the run.`]),
    ...(rounded === '' ? [] : [`Values of ${rounded} are rounded as live's type has it (--accept-rounding).`]),
  ]
}

const formatAside = ({ table, constraint, column, rows }: Plan['aside'][number]): string => {
  const what = `${plural(rows, 'row')} of ${formatTable(table)}`
  if (column === null) return `Checks ${sanitise(constraint)} only at the end, as ${what} and others trade values.`
  const its = rows === 1 ? 'its' : 'their'
  return `Moves ${what} aside first, as ${its} ${formatColumn(column)} goes to other rows (${sanitise(constraint)}).`
}

const formatLocks = (plan: Plan): readonly string[] => {
  const locked = [
    plan.steps.some(({ action }) => action !== 'insert') ? 'the rows it changes' : '',
    plan.locksParents ? 'the parents of the rows it inserts' : '',
  ].filter((part) => part !== '')
  const closed = plan.sequences
    .filter(({ sequence, allocates }) => sequence === null && allocates > 0)
    .map(({ table }) => formatTable(table))
  const others =
    closed.length === 0 ? 'No table is closed to others' : `Others cannot write ${closed.join(', ')} meanwhile`
  return locked.length === 0
    ? [`${others}.`]
    : [`Locks ${locked.join(' and ')}, after the transfer, until it ends. ${others}.`]
}

const formatPrivileges = ({ footprint }: Plan): readonly string[] => {
  const used = (footprint?.privileges ?? []).map(({ privilege, kind, on }) => {
    const names = kind === 'database' ? 'the database' : on.map((name) => formatTable(name)).join(', ')
    const what = kind === 'sequence' ? `sequence${on.length === 1 ? '' : 's'} ${names}` : names
    return `${sanitise(privilege.replace(/^[a-z, ]+/, (words) => words.toUpperCase()))} on ${what}`
  })
  return used.length === 0 ? [] : [`Needs ${used.join('; ')}.`]
}

/** Who gets the changes as well. */
const formatReplication = ({ footprint }: Plan): readonly string[] => {
  if (footprint === null) return []
  const { publications, followers } = footprint
  const published = publications.map(
    ({ publication, tables }) => `${formatColumn(publication)} (${tables.map((name) => formatTable(name)).join(', ')})`,
  )
  const following = followers.map(({ kind, name, how }) =>
    sanitise([kind, name, how === '' ? '' : `(${how})`].filter((word) => word !== '').join(' ')),
  )
  return [
    ...(published.length === 0 ? [] : [`Published by ${published.join(', ')}: subscribers get what it writes.`]),
    ...(following.length === 0 ? [] : [`Replicated to ${following.join(', ')}.`]),
  ]
}

const formatRoom = ({ bytes, footprint }: Plan): string => {
  if (bytes === 0) return ''
  return footprint === null
    ? ` Writes about ${formatBytes(bytes)}.`
    : ` Stages about ${formatBytes(footprint.stage)}, writes about ${formatBytes(footprint.wal)} of WAL.`
}

/** Settings by their names: a value may be a token. */
const formatActing = ({ options: { role, settings } }: Plan): readonly string[] => {
  const names = Object.keys(settings).map(sanitise)
  const who = role === null ? '' : `Runs as role ${formatColumn(role)}`
  if (names.length === 0) return who === '' ? [] : [`${who}.`]
  return [who === '' ? `Sets ${names.join(', ')} on live.` : `${who}, with ${names.join(', ')} set.`]
}

const formatHooks = ({ options: { hooks } }: Plan): readonly string[] =>
  [
    ...hooks.before.map((text) => ['Before', text] as const),
    ...hooks.after.map((text) => ['After', text] as const),
  ].map(([when, text]) => `${when} it writes, runs: ${sanitise(text.trim().replace(/\s+/g, ' '))}`)

/** The effects, a sentence each. */
export const formatEffects = (plan: Plan): readonly string[] => {
  const accepted = plan.options.acceptTrigger.map((column) => formatTable(column)).join(', ')
  return [
    ...formatActing(plan),
    ...formatSources(plan),
    ...formatEdits(plan),
    ...formatNotes(plan),
    ...formatHooks(plan),
    ...formatNarrower(plan),
    ...formatDefaults(plan),
    ...formatTriggers(plan),
    ...(accepted === '' ? [] : [`Accepts what triggers put into ${accepted}.`]),
    ...formatSequences(plan),
    ...plan.aside.map(formatAside),
    `One transaction, verified before commit${plan.notUndoable.length === 0 ? ', undoable' : ''}.${formatRoom(plan)}`,
    ...plan.notUndoable.map((own) =>
      sanitise(`Rows of ${formatTable(own.table)} cannot be undone as live is: ${whyNotUndoable(own)}.`),
    ),
    ...formatLocks(plan),
    ...formatPrivileges(plan),
    ...formatReplication(plan),
    ...formatMissingFiles(plan.missingFiles),
    ...formatViews(plan.materialisedViews),
  ]
}
