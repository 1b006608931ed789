/** Towards the parents. */
import type { Relation } from '../catalog/relations.ts'
import { displayKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { findByValue, type Referring, readParents, readReferring } from './references.ts'
import { addTo, isPresent, type Walk } from './walk.ts'

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
    walk.missingParents.push(...referring.map((key) => ({ relation, key, why, isHad: false })))
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
  const lost: Referring[] = []
  for (const row of references.rows) {
    const state = states.get(row.other)
    if (state?.state === 'restored') walk.standIn(parent.id, row.other, state.liveKey)
    else if (!isPresent(state)) lost.push(row)
    // The value referred to was edited in live: the reference follows.
    else if (state?.state === 'changed' && state.columns.some((name) => relation.parentColumns.includes(name))) {
      walk.standIn(parent.id, row.other, row.other)
    }
  }
  const found = await findByValue(walk.sides, table, parent, relation, lost)
  const wanted = lost.filter(({ key }) => !found.has(key))
  const refusal = refuseParent(walk, parent)
  const isHad = (row: Referring): boolean => walk.membersOf(parent.id).has(row.other)
  const open = wanted.filter((row) => !isHad(row))
  const [out, along] = [
    open.filter((row) => refusal !== null || walk.isExcluded(parent.id, row.other)),
    open.filter((row) => refusal === null && !walk.isExcluded(parent.id, row.other)),
  ]
  if (out.length > 0) fail(out, refusal ?? 'was left out')
  for (const { other } of out) addTo(walk.met, parent.id, other)
  walk.add(parent, along, 'needed', 'parent', relation, states)
}

const refuseParent = (walk: Walk, parent: SharedTable): string | null => {
  if (walk.options.parents === 'stop') return 'is gone from live, and --parents stop forbids restoring it'
  if (walk.options.parents === 'null') return 'is gone from live, and --parents null restores none'
  if (walk.options.without.has(parent.id)) return 'is gone from live, and --without leaves it out'
  return parent.refusal === null ? null : `is gone from live and cannot be restored: ${parent.refusal}`
}
