/** What becomes of the keys of staged rows. Pure. */
import { columnOf } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { Plan } from '../../plan/plan.ts'
import type { KeyFate, StagedTable } from './staged.ts'

/** The fate of keys that are not all kept. `stagesKeys`: they may be made as rows are staged. */
export const changingKeys = (
  plan: Plan,
  staged: StagedTable,
  { mapped, stagesKeys }: { readonly mapped: readonly Relation[]; readonly stagesKeys: boolean },
): KeyFate => {
  if (isDerived(staged, mapped)) return 'derived'
  return stagesKeys && isMadeAnew(staged, mapped) && !isBehind(plan, staged) ? 'staged' : 'mapped'
}

/** True where rows get other keys whatever becomes of those that they refer to. */
export const changesByItself = ({ standIns, steps }: StagedTable): boolean =>
  standIns.length > 0 || steps.some(({ step: { allocate, live } }) => allocate !== undefined || live !== undefined)

const isDerived = (staged: StagedTable, mapped: readonly Relation[]): boolean =>
  !changesByItself(staged) &&
  staged.steps.every(({ step }) => step.action === 'insert') &&
  !mapped.some(({ parent }) => parent === staged.table.id)

/** All rows get a key from a sequence, and nothing else about their keys changes; sorted by the old ones, as the keys of a step are. */
const isMadeAnew = (staged: StagedTable, mapped: readonly Relation[]): boolean => {
  const { table, steps, standIns, keyColumns } = staged
  const [name = '', ...others] = keyColumns
  const found = columnOf(table.live, name)
  const isOne = steps.length === 1 && steps[0]?.step.allocate === 'all' && standIns.length === 0
  const isSequence = table.allocation?.column === name && table.allocation.sequence !== null
  const follows = mapped.some(({ child, columns }) => child === table.id && columns.includes(name))
  const isInteger = /^(smallint|integer|bigint)$/.test(found?.baseType ?? '')
  return isOne && isSequence && isInteger && others.length === 0 && !follows
}

/** True where the sequence of a table's new keys has to be raised before the first is taken, by its own rows or another table's. */
const isBehind = ({ sequences }: Plan, { table }: StagedTable): boolean => {
  const own = sequences.find(({ table: id, column: name }) => id === table.id && name === table.allocation?.column)
  if (own?.next == null || own.after == null) return true
  const isShared = sequences.some((other) => other !== own && other.sequence === own.sequence)
  return isShared || BigInt(own.after) !== BigInt(own.next) + BigInt(own.allocates)
}
