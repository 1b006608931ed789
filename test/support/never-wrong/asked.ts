/** What a plan says of rows whose keys live gave to other records, and how often it asks where there was nothing to ask. */
import { displayKey, type Plan } from '../../../src/index.ts'
import { count, type Fault, type Tally } from './faults.ts'
import { likenessOf, type Scene, tellingColumns } from './records.ts'
import { pack } from './rows.ts'
import { attachedOf, isNamedAttached, packedKeys } from './said.ts'
import type { Wanted } from './selecting.ts'
import { differing } from './sides.ts'

const kinds: readonly string[] = ['parent changed', 'key taken']

/** Counts the questions about rows that live has, by what these are; those about a record edited in one of several columns apart. */
export const countAsked = (scene: Scene, plan: Plan, tally: Tally): void => {
  for (const table of scene.tables) {
    for (const [key, row] of scene.backup[table.position] ?? []) {
      const now = scene.live[table.position]?.get(key)
      if (now === undefined) continue
      const likeness = likenessOf(scene, table, key)
      if (isNamedAttached(plan, table, key)) count(tally, `named attached: ${likeness}`)
      for (const { kind } of plan.conflicts.filter(
        (conflict) => kinds.includes(conflict.kind) && conflict.table === table.id && conflict.key === displayKey(key),
      )) {
        const edited = differing(row, now)
        const isNeedless = likeness === 'same record' && edited.length === 1 && tellingColumns(scene, table).length > 1
        count(tally, `${kind}: ${isNeedless ? 'needless, one column of a same record edited' : likeness}`)
      }
    }
  }
}

/** Rows that were named, and that are lost: live has another record by their keys, and the plan says nothing of them. */
export const examineNamed = (scene: Scene, plan: Plan, named: readonly Wanted[]): readonly Fault[] =>
  named.flatMap(({ table, key: values }): readonly Fault[] => {
    const key = pack(values)
    if (likenessOf(scene, table, key) !== 'plain') return []
    const isTold =
      plan.steps.some((step) => step.table === table.id && packedKeys(step.keys).includes(key)) ||
      [...plan.conflicts, ...plan.leftOut].some((row) => row.table === table.id && row.key === displayKey(key))
    return isTold
      ? []
      : [{ kind: 'a record named and lost, of which the plan says nothing', detail: `${table.id} ${key}` }]
  })

/** What a plan names as changed of the parents that rows go to has changed. */
export const examineAttached = ({ tables, backup, live }: Scene, plan: Plan): readonly Fault[] =>
  attachedOf(plan).flatMap(({ table: id, columns, keys }) => {
    const position = tables.findIndex((table) => table.id === id)
    const changed = packedKeys(keys).flatMap((key) => {
      const [row, now] = [backup[position]?.get(key), live[position]?.get(key)]
      return row === undefined || now === undefined ? [] : differing(row, now)
    })
    const untrue = columns.filter((name) => !changed.includes(name))
    return untrue.length === 0
      ? []
      : [{ kind: 'a plan that names as changed what has not', detail: `${id}: ${untrue.join(', ')}` }]
  })
