/** Relations to a table that no constraint declares, as far as they decide who refers to a row of it. */
import { primaryKeyOf, type Table } from '../catalog/catalog.ts'
import { joinRelation, refers } from '../catalog/refer.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Query } from '../database/names.ts'
import type { LiveForeignKey } from './foreign-keys.ts'

/** A foreign key, or a relation like one. */
export interface Reference
  extends Pick<
    LiveForeignKey,
    'child' | 'isChildPartitioned' | 'columns' | 'parentColumns' | 'isPeriod' | 'key' | 'canSelect' | 'isRefused'
  > {
  /** For a relation that no constraint declares: what must hold of child `c` and parent `t`. */
  readonly declared?: readonly Query[]
}

/** Relations to `table` that no constraint declares. */
export const declaredReferences = (catalog: SharedCatalog, table: Table): readonly Reference[] =>
  catalog.relations.flatMap((relation) => {
    const child = catalog.tables.get(relation.child)?.live
    if (relation.parent !== table.id || !relation.isDeclared || child === undefined) return []
    return [
      {
        child: { schema: child.schema, name: child.name },
        isChildPartitioned: child.kind === 'partitioned',
        columns: relation.columns,
        parentColumns: relation.parentColumns,
        isPeriod: false,
        key: primaryKeyOf(child)?.elements.flatMap(({ column: name }) => name ?? []) ?? [],
        canSelect: child.canSelect,
        isRefused: false,
        declared: [joinRelation(relation, 'c', 't'), refers(relation, child, 'live', 'c')],
      },
    ]
  })
