/** Lines of the config file that say what is suggested. */
import type { LikelyRename } from '../../catalog/conventions/suggestions.ts'
import type { DeclaredRelation, PolymorphicRelation } from '../../config/config.ts'
import { writeProperty, writeText } from '../../config/writing.ts'

export const renameLine = ({ table, column, from }: LikelyRename): string =>
  `columns: { ${writeText(table)}: { ${writeProperty(from)}: ${writeText(column)} } }`

/** An element of `relations`. */
export const relationEntry = ({ from, columns, to }: DeclaredRelation): string =>
  `{ from: ${writeText(from)}, columns: [${columns.map(writeText).join(', ')}], to: ${writeText(to)} }`

/** An element of `polymorphic`. */
export const polymorphicEntry = ({ from, typeColumn, idColumn, types }: PolymorphicRelation): string => {
  const tables = Object.entries(types).map(([type, to]) => `${writeProperty(type)}: ${writeText(to)}`)
  const columns = `typeColumn: ${writeText(typeColumn)}, idColumn: ${writeText(idColumn)}`
  return `{ from: ${writeText(from)}, ${columns}, types: { ${tables.join(', ')} } }`
}
