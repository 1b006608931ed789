/** Which rows say something of their own: live having an equal one under the same key is then no chance. */
import { columnOf } from '../../catalog/catalog.ts'
import { isStatus } from '../../catalog/conventions/column-words.ts'
import type { Relation } from '../../catalog/relations.ts'
import { hasSurrogate, type SharedTable } from '../../catalog/shared.ts'
import type { Sides } from '../sides.ts'
import { manyValues, readHabits } from './habits.ts'
import { comparedColumns } from './records.ts'

/** Quantities, places, marks: many rows have the same. */
const small = /^(smallint|integer)$/

const isSilent = (table: SharedTable, name: string): boolean => {
  const found = columnOf(table.live, name)
  return found === undefined || small.test(found.baseType) || isStatus(found)
}

const ownColumns = (table: SharedTable, { columns }: Relation): readonly string[] => {
  const references = table.live.foreignKeys.flatMap((key) => key.columns)
  const others = new Set([...columns, ...references, ...table.identity])
  return comparedColumns(table).filter((name) => !others.has(name))
}

/** True where rows say something beside what they refer to and what they are called. */
export const hasContent = async (sides: Sides, table: SharedTable, relation: Relation): Promise<boolean> => {
  if (table.identity.some((name) => columnOf(table.live, name)?.baseType === 'uuid')) return true
  const own = ownColumns(table, relation)
  if (own.length === 0) return false
  const { common, values } = await readHabits(sides, table)
  return own.some((name) => (isSilent(table, name) ? (values.get(name) ?? 0) >= manyValues : !common.has(name)))
}

/** True where a row cannot stay when the row it refers to goes. */
export const isBelow = ({ isEnforced, isNullable, onDelete, condition }: Relation): boolean =>
  isEnforced && condition === null && (onDelete === 'cascade' || !isNullable)

/** True where a row is what it is by the row it refers to: its key is made of it, or it says nothing of its own, and could not be without it. */
export const isMadeOf = (table: SharedTable, relation: Relation): boolean => {
  if (relation.columns.every((name) => table.identity.includes(name))) return true
  const isLasting = isBelow(relation) && table.ends === null && !hasSurrogate(table)
  return isLasting && ownColumns(table, relation).every((name) => isSilent(table, name))
}
