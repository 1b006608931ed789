/** Towards the parents. */
import type { Relation } from '../../catalog/relations.ts'
import type { NamedRow, SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { findMoved } from '../../rows/moved.ts'
import { findByValue, type Referring, readParents, readReferring } from '../../rows/references.ts'
import { isPresent } from '../../rows/states.ts'
import { whyNever } from '../left-out.ts'
import { addKey, type Walk } from './walk.ts'

/** Looks for the parents of some rows by one relation: those that live lacks come along as needed. */
export const followParents = async (
  walk: Walk,
  table: SharedTable,
  relation: Relation,
  keys: readonly string[],
): Promise<void> => {
  const hidden = walk.sides.catalog.tables.get(relation.parent)?.hidden ?? null
  if (hidden !== null) {
    const why = `its parent cannot be looked at: ${hidden}`
    const referring = await readReferring(walk.sides, table, relation, keys)
    for (const key of referring) walk.missingParents.push({ relation, key, why, isHad: false })
    return
  }
  const references = await readParents(walk.sides, table, relation, keys)
  const parent = walk.sides.catalog.tables.get(relation.parent)
  const fail = (rows: readonly Referring[], what: string): void => {
    for (const { key, other } of rows) {
      const isHad = rows !== references.nowhere && parent !== undefined && !walk.isBarred(parent, other)
      const why = `its parent ${relation.parent} ${displayKey(other)} ${what}`
      if (walk.options.parents === 'null' && relation.isNullable) walk.nullOut(relation, key)
      else walk.missingParents.push({ relation, key, why, isHad })
    }
  }
  fail(references.nowhere, 'is neither in live nor in the backup')
  if (parent === undefined || references.rows.length === 0) return
  const states = await walk.states.read(parent, [...new Set(references.rows.map(({ other }) => other))])
  const present = [...states].flatMap(([key, state]) => (isPresent(state) ? [key] : []))
  const moved = await findMoved(walk.sides, parent, relation.parentColumns, present)
  const lost: Referring[] = []
  for (const row of references.rows) {
    const state = states.get(row.other)
    if (!isPresent(state) && state?.state !== 'restored') lost.push(row)
    else if (walk.isRefused(parent, row.other)) refuse(walk, relation, row)
    else {
      const isItself = parent.id === table.id && row.other === row.key
      if (state?.state !== 'same' && !isItself) walk.attach(relation, table.id, row.other)
      for (const { via, key } of walk.states.changedOwners(parent.id, row.other)) walk.attach(via, table.id, key)
      if (state?.state === 'restored') walk.standIn(parent.id, row.other, state.liveKey)
      // The value referred to is another one in live: the reference follows.
      else if (moved.has(row.other)) walk.standIn(parent.id, row.other, row.other)
    }
  }
  // What live has marked as deleted has its values still, and comes back all the same.
  const gone = lost.filter(({ other }) => states.get(other)?.state !== 'deleted')
  const found = await findByValue(walk.sides, table, parent, relation, gone)
  const wanted = lost.filter(({ key }) => !found.has(key))
  const refusal = refuseParent(walk, parent)
  const isNever = ({ other }: Referring): boolean => walk.states.isNever(parent.id, other)
  const isHad = (row: Referring): boolean => walk.membersOf(parent.id).has(row.other)
  for (const row of lost.filter((own) => found.has(own.key) && !isHad(own))) {
    if (walk.isRefused(parent, row.other)) refuse(walk, relation, row)
    else walk.attachByValue(relation, table.id, row.other, found.get(row.key) ?? '')
  }
  const named = walk.sides.catalog.named.get(parent.id)
  const made = wanted.filter((row) => !isHad(row) && named?.has(row.other))
  if (made.length > 0) failMade(walk, relation, made, named)
  const open = wanted.filter((row) => !isHad(row) && !named?.has(row.other))
  const [out, along] = [
    open.filter((row) => refusal !== null || walk.isExcluded(parent.id, row.other)),
    open.filter((row) => refusal === null && !walk.isExcluded(parent.id, row.other)),
  ]
  const [never, others] = [out.filter((row) => isNever(row)), out.filter((row) => !isNever(row))]
  if (others.length > 0) fail(others, refusal ?? 'was left out')
  if (never.length > 0) fail(never, `is gone from live, and ${whyNever}`)
  for (const { other } of out) addKey(walk.met, parent.id, other)
  walk.add(parent, along, 'needed', 'parent', relation, states)
}

/** Live's row is not to be taken for the parent: the row stays out. */
const refuse = (walk: Walk, relation: Relation, { key, other }: Referring): void => {
  walk.refusedParents.push({ relation, key, parent: other })
}

/** Parents that a migration makes are not restored: live has no table for them yet, or calls them otherwise. */
const failMade = (
  walk: Walk,
  relation: Relation,
  rows: readonly Referring[],
  named: ReadonlyMap<string, NamedRow> | undefined,
): void => {
  for (const { key, other } of rows) {
    const name = named?.get(other)?.name ?? ''
    const why = `its parent ${relation.parent} ${displayKey(other)} (${name}) is not in live: run the migrations that make it there first`
    walk.missingParents.push({ relation, key, why, isHad: false })
  }
}

const refuseParent = (walk: Walk, parent: SharedTable): string | null => {
  if (walk.options.parents === 'stop') return 'is gone from live, and --parents stop forbids restoring it'
  if (walk.options.parents === 'null') return 'is gone from live, and --parents null restores none'
  if (walk.options.without.has(parent.id)) return 'is gone from live, and --without leaves it out'
  return parent.refusal === null ? null : `is gone from live and cannot be restored: ${parent.refusal}`
}
