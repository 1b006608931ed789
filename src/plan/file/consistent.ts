/**
 * What a plan says in one place must fit what it says in another: anybody can make a hash anew, so that a hash alone proves nothing.
 * Whatever is allowed here is another plan, which can be reviewed like any. Pure.
 */

import type { Flaw } from '../../documents/shape.ts'
import { measureColumn } from '../../keys/key-columns.ts'
import type { Plan } from '../plan.ts'
import type { StandIns, Step } from '../step.ts'
import { findRepeated } from './repeated.ts'

/** More rows than any run takes, and fewer than there is memory for. */
const mostRows = 100_000_000

type Check = (plan: Plan) => Iterable<Flaw>

const flaw = (place: string, why: string): Flaw => ({ place, why })

/** Columns of one width and one length. */
function* checkKeys(place: string, columns: Step['keys'], rows: number): Generator<Flaw> {
  if (columns.length === 0) yield flaw(place, 'has no columns')
  for (const [part, column] of columns.entries()) {
    const own = measureColumn(column)?.rows
    if (own !== rows) yield flaw(`${place}[${part}]`, `has ${own} values, for ${rows} rows`)
  }
}

function* checkPositions(place: string, positions: readonly number[], rows: number): Generator<Flaw> {
  const last = positions.at(-1) ?? 0
  if (last >= rows) yield flaw(place, `has position ${last}, of ${rows} rows`)
}

/** What only some steps have. */
function* checkKind(place: string, step: Step, { undoes }: Plan): Generator<Flaw> {
  const { action, because, via, columns } = step
  if (action === 'delete' && undoes === null) yield flaw(`${place}.action`, 'is "delete", and the plan is no undo')
  if ((because === 'undo') !== (undoes !== null)) {
    yield flaw(`${place}.because`, `is "${because}", and the plan is ${undoes === null ? 'no' : 'an'} undo`)
  }
  if (because === 'survivor' && action !== 'update')
    yield flaw(`${place}.because`, `is "survivor" of a row to ${action}`)
  const isAlone = because === 'selected' || because === 'undo'
  if ((via === null) !== isAlone)
    yield flaw(`${place}.via`, `is ${via === null ? 'null' : `"${via}"`} for "${because}"`)
  if ((columns.length === 0) !== (action === 'delete'))
    yield flaw(`${place}.columns`, `are ${columns.length} to ${action}`)
  if (new Set(columns).size < columns.length) yield flaw(`${place}.columns`, 'has a column twice')
  for (const [name, isRight] of [
    ['live', action === 'update'],
    ['guards', action !== 'insert'],
    ['allocate', action === 'insert'],
    ['nulled', action === 'insert' || (action === 'update' && because !== 'survivor')],
    ['isAtDefault', because === 'survivor'],
    ['editedSince', because === 'survivor'],
  ] as const) {
    if (step[name] !== undefined && !isRight)
      yield flaw(`${place}.${name}`, `does not go with ${action} of "${because}"`)
  }
  const isGuarded = action === 'delete' || (action === 'update' && because !== 'survivor')
  if (isGuarded && step.guards === undefined) yield flaw(`${place}.guards`, 'is missing')
}

function* checkRows(place: string, step: Step): Generator<Flaw> {
  const { rows, keys, live, guards, allocate, nulled, editedSince, columns } = step
  if (rows === 0 || rows > mostRows) yield flaw(`${place}.rows`, `is ${rows}`)
  yield* checkKeys(`${place}.keys`, keys, rows)
  if (live !== undefined) {
    yield* checkKeys(`${place}.live`, live, rows)
    if (live.length !== keys.length)
      yield flaw(`${place}.live`, `has ${live.length} columns, and "keys" ${keys.length}`)
  }
  if (guards !== undefined && guards.length !== rows)
    yield flaw(`${place}.guards`, `has ${guards.length}, for ${rows} rows`)
  if (allocate !== undefined && allocate !== 'all') yield* checkPositions(`${place}.allocate`, allocate, rows)
  if (editedSince !== undefined) yield* checkPositions(`${place}.editedSince`, editedSince, rows)
  for (const [index, emptied] of (nulled ?? []).entries()) {
    yield* checkPositions(`${place}.nulled[${index}].rows`, emptied.rows, rows)
    const stray = emptied.columns.find((name) => !columns.includes(name))
    if (stray !== undefined)
      yield flaw(`${place}.nulled[${index}].columns`, `has "${stray}", which the step does not write`)
  }
}

/** The relation that a step's rows came by, seen from its table. */
function* checkVia(place: string, step: Step, { relations }: Plan): Generator<Flaw> {
  if (step.via === null) return
  const via = relations.find(({ id }) => id === step.via)
  if (via === undefined) yield flaw(`${place}.via`, `is "${step.via}", which "relations" has not`)
  else if ((step.because === 'parent' ? via.parent : via.child) !== step.table) {
    yield flaw(`${place}.via`, `is "${step.via}", by which no ${step.because} of "${step.table}" comes`)
  } else if (step.because === 'survivor' && !step.columns.every((name) => via.columns.includes(name))) {
    yield flaw(`${place}.columns`, `has others than those of "${step.via}"`)
  }
}

const order: readonly Step['action'][] = ['insert', 'update', 'delete']

function* checkUsed(place: string, { table }: Pick<StandIns, 'table'>, { fingerprints }: Plan): Generator<Flaw> {
  if (!Object.hasOwn(fingerprints, table)) yield flaw(`${place}.table`, `is "${table}", which "fingerprints" has not`)
}

const checkSteps: Check = function* (plan) {
  let last = 0
  for (const [index, step] of plan.steps.entries()) {
    const place = `steps[${index}]`
    yield* checkUsed(place, step, plan)
    yield* checkKind(place, step, plan)
    yield* checkRows(place, step)
    yield* checkVia(place, step, plan)
    const rank = order.indexOf(step.action)
    if (rank < last) yield flaw(place, `is to ${step.action}, after one to ${order[last]}`)
    last = rank
  }
}

const checkStandIns: Check = function* (plan) {
  for (const [index, rows] of plan.standIns.entries()) {
    const place = `standIns[${index}]`
    yield* checkUsed(place, rows, plan)
    const count = rows.backup[0] === undefined ? 0 : (measureColumn(rows.backup[0])?.rows ?? 0)
    if (count === 0 || count > mostRows) yield flaw(`${place}.backup`, `has ${count} rows`)
    yield* checkKeys(`${place}.backup`, rows.backup, count)
    yield* checkKeys(`${place}.live`, rows.live, count)
    if (rows.live.length !== rows.backup.length)
      yield flaw(`${place}.live`, 'has another number of columns than "backup"')
  }
}

/** Rows that others come to refer to: of one width and one length, and not more than refer to them. */
const checkAttached: Check = function* ({ attached = [] }) {
  for (const [index, { keys, rows, columns }] of attached.entries()) {
    const place = `attached[${index}]`
    const count = keys[0] === undefined ? 0 : (measureColumn(keys[0])?.rows ?? 0)
    if (count === 0 || count > rows) yield flaw(`${place}.keys`, `has ${count} rows, and ${rows} refer to them`)
    yield* checkKeys(`${place}.keys`, keys, count)
    if (columns.length === 0) yield flaw(`${place}.columns`, 'is empty')
  }
}

/** Values are looked up by these: of two with the same name one would go unseen. */
function* checkOnce(place: string, ids: readonly string[]): Generator<Flaw> {
  const seen = new Set<string>()
  for (const [index, id] of ids.entries()) {
    if (seen.has(id)) yield flaw(`${place}[${index}]`, `is "${id}" once more`)
    seen.add(id)
  }
}

const checkRelations: Check = function* ({ relations }) {
  yield* checkOnce(
    'relations',
    relations.map(({ id }) => id),
  )
  for (const [index, { columns, parentColumns }] of relations.entries()) {
    if (columns.length === 0 || columns.length !== parentColumns.length) {
      yield flaw(`relations[${index}]`, `has ${columns.length} columns for ${parentColumns.length} of the parent`)
    }
  }
}

const checkConflicts: Check = function* ({ conflicts, answered }) {
  yield* checkOnce(
    'conflicts',
    conflicts.map(({ id }) => id),
  )
  for (const [index, { id, table, key, kind, constraint, answers }] of conflicts.entries()) {
    const place = `conflicts[${index}]`
    const parts = [table, key, kind, ...(constraint === null ? [] : [constraint])]
    if (id !== parts.join(':')) yield flaw(`${place}.id`, `is "${id}", and it is about ${parts.join(':')}`)
    if (answers[0]?.answer !== 'stop') yield flaw(`${place}.answers`, 'does not begin with "stop"')
    yield* checkOnce(
      `${place}.answers`,
      answers.map(({ answer }) => answer),
    )
  }
  const known = new Map(conflicts.map((conflict) => [conflict.id, conflict.answers]))
  for (const [id, answer] of Object.entries(answered)) {
    if (known.get(id)?.some((choice) => choice.answer === answer)) continue
    yield flaw(`answered[${JSON.stringify(id)}]`, `is "${answer}", which no conflict takes`)
  }
}

/** What the plan is of, and what it says of the values that the user gave. */
const checkFrame: Check = function* ({ undoes, backup, unit, digest, options, edits, steps }) {
  if ((backup === null) !== (undoes !== null)) {
    yield flaw(
      'backup',
      `is ${backup === null ? 'null' : 'there'}, and the plan is ${undoes === null ? 'no' : 'an'} undo`,
    )
  }
  if ((digest.value === '') !== (undoes !== null)) yield flaw('digest.value', `is "${digest.value}"`)
  if (unit !== undefined && (unit.number === 0 || unit.number > unit.total)) yield flaw('unit', 'is none of its total')
  for (const [index, { table, column, value }] of options.set.entries()) {
    const isWritten = steps.some(
      (step) =>
        step.action !== 'delete' &&
        step.because !== 'survivor' &&
        step.table === table &&
        step.columns.includes(column),
    )
    const isTold = edits.some(
      (edit) => edit.by === 'set' && edit.table === table && edit.column === column && edit.to === value,
    )
    if (isWritten && !isTold) yield flaw(`options.set[${index}]`, 'is not among "edits"')
  }
}

/** A row is inserted, or stood in for, once. */
const checkRepeated: Check = function* ({ steps, standIns }) {
  const inserted = steps.flatMap(({ action, table, keys }, index) =>
    action === 'insert' ? [{ table, keys, place: `steps[${index}].keys` }] : [],
  )
  const standing = standIns.map(({ table, backup }, index) => ({
    table,
    keys: backup,
    place: `standIns[${index}].backup`,
  }))
  for (const sets of Map.groupBy([...inserted, ...standing], ({ table }) => table).values()) yield* findRepeated(sets)
  for (const [index, { action, table, keys, live }] of steps.entries()) {
    if (action === 'insert') continue
    yield* findRepeated([{ table, keys, place: `steps[${index}].keys` }])
    if (live !== undefined) yield* findRepeated([{ table, keys: live, place: `steps[${index}].live` }])
  }
}

/** Where a plan of the right shape says one thing here and another there; null where it does not. */
export const findContradiction = (plan: Plan): Flaw | null => {
  for (const check of [
    checkFrame,
    checkRelations,
    checkConflicts,
    checkSteps,
    checkStandIns,
    checkAttached,
    checkRepeated,
  ]) {
    for (const found of check(plan)) return found
  }
  return null
}

/** The same for the rows of steps alone: what a journal of any age has. */
export const findStepContradiction = ({ steps }: Pick<Plan, 'steps'>): Flaw | null => {
  for (const [index, step] of steps.entries()) for (const found of checkRows(`steps[${index}]`, step)) return found
  return null
}
