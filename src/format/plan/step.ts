/** What one step of a plan does, in words: why its rows are there, which get a new key, and the keys themselves. */
import type { KeyColumn } from '../../keys/key-columns.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { firstOf, firstRows, formatColumn, formatKey, formatTable, keyRows } from '../names.ts'
import { formatCount } from '../quantities.ts'

const names = (columns: readonly string[]): string =>
  columns.length > 8 ? `${formatCount(columns.length)} columns` : columns.map(formatColumn).join(', ')

const neededBy = ({ relations, steps }: Plan, { via }: Step): string => {
  const child = relations.find(({ id }) => id === via)?.child
  const isWritten = steps.some(({ table }) => table === child)
  return child === undefined || !isWritten ? 'needed by what comes back' : `needed by ${formatTable(child)}`
}

const undoing = (step: Step): string => {
  if (step.action === 'delete') return 'inserted by the run'
  return step.action === 'update' ? `${names(step.columns)} as before the run` : 'deleted by the run'
}

const unhooked = ({ columns, isAtDefault }: Step): string => {
  if (isAtDefault) return `${names(columns)} fell back to ${columns.length === 1 ? 'its default' : 'their defaults'}`
  return `${names(columns)} ${columns.length === 1 ? 'was' : 'were'} emptied`
}

const because = (plan: Plan, step: Step): string => {
  switch (step.because) {
    case 'selected':
      return 'selected'
    case 'parent':
      return neededBy(plan, step)
    case 'child':
      return 'belonged to it'
    case 'link':
      return `${step.rows === 1 ? 'link' : 'links'}: both ends will be there`
    case 'survivor':
      return `in live; ${unhooked(step)}`
    case 'undo':
      return undoing(step)
  }
}

const written = (step: Step): readonly string[] => {
  if (step.action !== 'update' || step.because === 'survivor' || step.because === 'undo') return []
  const takes = step.rows === 1 ? 'takes' : 'take'
  const emptiedInAll = (step.nulled ?? []).flatMap(({ columns, rows }) => (rows.length === step.rows ? columns : []))
  const taken = step.columns.filter((name) => !emptiedInAll.includes(name))
  return taken.length === 0 ? [] : [`${takes} the backup's ${names(taken)}`]
}

/** A relation that no constraint declares, by its name: `by comment.photo_id -> photo (declared)`. */
const declared = (plan: Plan, { via }: Step): readonly string[] => {
  const isDeclared = plan.declared?.relations.some(({ child, name }) => `${child}.${name}` === via)
  return via !== null && isDeclared === true ? [`by ${formatTable(via)}`] : []
}

/** Why the rows of a step are there, and what is written into rows that are there already. */
export const reasonOf = (plan: Plan, step: Step): string =>
  [because(plan, step), ...declared(plan, step), ...written(step)].join(' · ')

/** The keys of some rows of a step. */
const keysAt = (step: Step, positions: readonly number[]): string => {
  const rows = keyRows(step.keys)
  return firstOf(positions.map((position) => formatKey(rows[position] ?? [])))
}

const editedSince = (step: Step): readonly string[] => {
  const edited = step.editedSince ?? []
  if (edited.length === 0) return []
  return [step.rows === 1 ? 'edited since' : `edited since: ${keysAt(step, edited)}`]
}

const newKeys = (plan: Plan, step: Step): readonly string[] => {
  const count = step.allocate === 'all' ? step.rows : (step.allocate?.length ?? 0)
  if (count === 0) return []
  const columns = plan.sequences.filter(({ table }) => table === step.table).map(({ column }) => column)
  const what = columns.length === 1 ? names(columns) : 'key'
  const why = plan.options.keys === 'new' ? '--keys new' : count === 1 ? 'its own is taken' : 'theirs are taken'
  if (count < step.rows) return [`${formatCount(count)} ${count === 1 ? 'gets' : 'get'} a new ${what} (${why})`]
  return [step.rows === 1 ? `gets a new ${what} (${why})` : `all get a new ${what} (${why})`]
}

const emptied = (step: Step): readonly string[] =>
  (step.nulled ?? [])
    .filter(({ rows }) => rows.length > 0)
    .map(({ columns, rows }) => {
      const where = step.rows === 1 ? '' : ` in ${rows.length === step.rows ? 'all' : keysAt(step, rows)}`
      const why = rows.length === 1 ? 'its parent is gone' : 'their parents are gone'
      return `${names(columns)} ${columns.length === 1 ? 'is' : 'are'} left empty${where}: ${why}`
    })

/** `7 8`, or `7 as live 9` where a live row stands in. */
export const formatRowKeys = (
  backup: readonly KeyColumn[],
  live: readonly KeyColumn[] | undefined,
  most = 8,
): string => {
  if (live === undefined) return firstOf(firstRows(backup, most + 1).map(formatKey), most)
  const [own, other] = [keyRows(backup).map(formatKey), keyRows(live).map(formatKey)]
  const moved = own.some((key, row) => (other[row] ?? key) !== key)
  if (!moved) return firstOf(own, most)
  return firstOf(
    own.map((key, row) => `${key} as live ${other[row] ?? key}${row < own.length - 1 ? ',' : ''}`),
    most,
  )
}

/** The cells of a step's line: action, table, rows, and the words. */
export const formatStep = (plan: Plan, step: Step): readonly string[] => [
  step.action,
  formatTable(step.table),
  formatCount(step.rows),
  [
    reasonOf(plan, step),
    ...editedSince(step),
    ...newKeys(plan, step),
    ...emptied(step),
    formatRowKeys(step.keys, step.live),
  ].join(' · '),
]
