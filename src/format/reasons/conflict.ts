/** Conflicts in words: what is in the way of a row, and what each answer does. */
import { displayAlone } from '../../database/display.ts'
import type { Conflict } from '../../plan/conflicts.ts'
import type { Answer, FindingPart, InTheWay } from '../../plan/finding.ts'
import { byId, type NameTable } from '../names.ts'
import { wordParent } from './parent.ts'

type Taken = Pick<InTheWay, 'constraint' | 'columns' | 'values' | 'live'>

const quoteValues = ({ columns, values }: Taken): string =>
  columns.map((name, position) => `${displayAlone(name)} ${values[position] ?? 'NULL'}`).join(', ')

/** What is wanted twice: the index's expressions, where it is not the columns themselves that collide. */
const quoteWanted = (way: InTheWay): string =>
  way.expressions === undefined ? quoteValues(way) : `${quoteValues(way)} (${way.expressions.join(', ')})`

const nameRows = ({ live }: Taken): string => live.map((key) => `live row ${key}`).join(' and ')

const nameConstraint = ({ constraint }: Taken): string => (constraint === null ? '' : ` (${constraint})`)

const describeParts = (parts: readonly FindingPart[]): string =>
  parts
    .map((part, position) => {
      if (part.isExclusion) return `${quoteValues(part)} conflicts with ${nameRows(part)}`
      const belongs = position === 0 || parts[position - 1]?.isExclusion ? 'belongs to' : 'to'
      return `${quoteValues(part)} ${belongs} ${nameRows(part)}${nameConstraint(part)}`
    })
    .join(', ')

/** Columns that differ, and how many of those that tell records apart they are. */
const describeShare = ({ columns, of = 0 }: InTheWay): string => {
  const all = columns.length === of ? 'all that tells' : `${columns.length} of ${of} columns that tell`
  return `${columns.map(displayAlone).join(', ')} (${all} records apart)`
}

const describeChanged = (way: InTheWay, name: NameTable): string => {
  const into = (way.uses ?? []).map(({ table, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} of ${name(table)}`)
  const what = into.length === 0 ? 'what is missing below it' : into.join(', ')
  const would = way.isRevived ? 'its mark as deleted would be taken off' : `${what} would go to it`
  return `${nameRows(way)} has other values in ${describeShare(way)} and may be another record; ${would}`
}

const describeLabels = ({ columns, labels = [] }: InTheWay): string =>
  columns
    .map((column, position) => {
      const lacking = labels[position]?.map((label) => `"${label}"`).join(', ')
      return `${displayAlone(column)}: live's type has no label ${lacking}`
    })
    .join('; ')

const describeObjects = ({ columns, values, isThere = [] }: InTheWay): string =>
  columns
    .map((column, position) => {
      const why = isThere[position] ? 'whose content is not known to be that of live' : 'which live does not have'
      return `${displayAlone(column)} names large object ${values[position]} of the backup, ${why}`
    })
    .join('; ')

const describePartition = ({ constraint }: InTheWay): string => {
  const only = constraint === null ? '' : ` but the default one, ${constraint}`
  return `live has no partition for it${only}: create it first, or leave the row out`
}

const describeTrigger = ({ constraint, reachesOutside, firesAlways }: InTheWay): string => {
  const all = firesAlways === true ? '; it is ENABLE ALWAYS or REPLICA, so it fires with triggers off too' : ''
  return `trigger ${constraint} reaches outside the database (${reachesOutside}), which no undo takes back${all}`
}

/** What is in the way of a row, without the row. */
export const wordInTheWay = (way: InTheWay, name: NameTable = byId): string => {
  const live = nameRows(way)
  switch (way.kind) {
    case 'key taken':
      return `${quoteValues(way)} belongs to another record by now${nameConstraint(way)}`
    case 'unique taken':
      return way.expressions === undefined
        ? `${quoteValues(way)} belongs to ${live}${nameConstraint(way)}`
        : `${quoteValues(way)} collides with ${live} on ${way.expressions.join(', ')}`
    case 'unique twice':
      return `${quoteWanted(way)} goes to row ${way.other} of this plan${nameConstraint(way)}`
    case 'exclusion':
      return `${quoteValues(way)} conflicts with ${live}`
    case 'several live rows':
      return describeParts(way.parts ?? [])
    case 'missing parent':
      return way.parent === undefined ? 'its parent is missing' : wordParent(way.parent, name)
    case 'changed':
      return way.of === undefined
        ? `live has it with other values in ${way.columns.map(displayAlone).join(', ')}`
        : `live has other values in ${describeShare(way)} too, and may have another record there`
    case 'parent changed':
      return describeChanged(way, name)
    case 'edited since':
      return `edited since: live has neither the backup's value nor the UPDATE's in ${way.columns.map(displayAlone).join(', ')}`
    case 'looks restored':
      if (way.isRenamed) return `its key was changed, live has it as ${live}: rows that belonged to it followed`
      return way.of === undefined
        ? `looks restored already as ${live}`
        : `was restored as ${live}, which has other values in ${describeShare(way)} and may be another record`
    case 'enum label':
      return describeLabels(way)
    case 'large object':
      return describeObjects(way)
    case 'partition':
      return describePartition(way)
    case 'triggers':
      return describeTrigger(way)
  }
}

const tellConflict = (conflict: Conflict, name: NameTable): string => {
  const row = conflict.kind === 'triggers' ? name(conflict.table) : `${name(conflict.table)} ${conflict.key}`
  return `${row}: ${wordInTheWay(conflict, name)}`
}

/** What is in the way, in a sentence: the one that stands there, where it tells of more than the facts of a plan of before. */
export const wordConflict = (conflict: Conflict, name: NameTable = byId): string => {
  const { text } = conflict
  return text === undefined || text === tellConflict(conflict, byId) ? tellConflict(conflict, name) : text
}

/** What an answer to a conflict does. */
export const wordAnswer = ({ kind, live }: Pick<Conflict, 'kind' | 'live'>, answer: Answer): string => {
  const [row = ''] = live
  switch (answer) {
    case 'stop':
      return 'refuse the plan'
    case 'skip':
      if (kind === 'parent changed') return 'leave out what would go to it'
      if (kind === 'edited since') return 'leave these columns as they are in live'
      return 'leave the row out, and what came only because of it'
    case 'attach':
      return `take live row ${row} for it: what belongs to the row goes there`
    case 'match':
      return `let live row ${row} stand in: what belongs to the row goes to it`
    case 'overwrite':
      return kind === 'changed' || kind === 'edited since'
        ? "put the backup's values back; later edits of these columns are lost"
        : `replace live row ${row}'s other values by the backup's; later edits are lost`
    case 'allocate':
      if (kind === 'looks restored') return `insert it beside live row ${row}`
      return kind === 'parent changed'
        ? "bring the backup's row back beside it, under a new key: what belongs to the row goes there"
        : 'restore it beside the live row, under a new key'
  }
}
