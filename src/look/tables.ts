/** The tables of both sides as somebody looks at them: how rows are recognised, what refers to what, what has drifted. */
import { describeCondition } from '../catalog/declared.ts'
import type { Edits } from '../catalog/edits.ts'
import type { OtherRefusal, TableRefusal } from '../catalog/refusal/refusal.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Sides } from '../rows/sides.ts'
import { largerSizes, readSizes, type Sizes, type TableSize } from '../rows/sizes.ts'
import { suggestTyped, type TypedSuggestion } from '../rows/typed-rows.ts'
import { type GivenTransforms, withEdits } from '../transform/edited.ts'
import { suggestSoftDelete } from './rows.ts'
import type { TableNote } from './table-note.ts'

/** A table as `tables` lists it. */
export interface TableOverview {
  readonly table: string
  readonly kind: string
  readonly identity: readonly string[]
  readonly isJunction: boolean
  readonly relations: readonly {
    readonly via: string
    readonly columns: readonly string[]
    readonly parent: string
    readonly parentColumns: readonly string[]
    readonly onDelete: string
    readonly isLink: boolean
    /** No constraint says so: the config file does, or the conventions of a framework. */
    readonly isDeclared: boolean
    /** Which rows refer, where not all of them do. */
    readonly condition: string | null
  }[]
  readonly drift: readonly TableNote[]
  readonly restorable: boolean
  /** Why it cannot be restored; null where it can. */
  readonly refusal: TableRefusal | OtherRefusal | null
  /** Of the larger of both sides; null for what is no table on both. */
  readonly size: TableSize | null
}

/** Every table of either side, as if the backup held the values given. Throws what `withEdits` throws. */
export const readTables = async (
  sides: Sides,
  transforms: GivenTransforms,
  edits: Partial<Edits>,
): Promise<readonly TableOverview[]> => {
  const { live, backup } = await readSizes(sides)
  const suggestions = await suggestTyped(sides, backup)
  const { catalog } = withEdits(sides.catalog, transforms, edits)
  return describeTables(catalog, { suggestions, sizes: largerSizes(live, backup) })
}

const describeTables = (
  catalog: SharedCatalog,
  {
    suggestions,
    sizes,
  }: { readonly suggestions: ReadonlyMap<string, readonly TypedSuggestion[]>; readonly sizes: Sizes },
): readonly TableOverview[] => {
  const shared = [...catalog.tables.values()].map((table) => ({
    table: table.id,
    kind: `${table.live.kind} table`,
    identity: table.identity,
    isJunction: table.ends !== null,
    relations: [...catalog.relations, ...catalog.toLiveOnly]
      .filter(({ child }) => child === table.id)
      .map(({ name, columns, parent, parentColumns, onDelete, isLink, isDeclared, condition }) => ({
        via: name,
        columns,
        parent,
        parentColumns,
        onDelete,
        isLink,
        isDeclared,
        condition: condition === null ? null : describeCondition(condition),
      })),
    drift: [
      ...table.drift,
      ...suggestSoftDelete(table),
      ...(suggestions.get(table.id) ?? []).map((found) => ({ kind: 'typed reference', ...found }) as const),
      ...(catalog.declarations.junctions.includes(table.id)
        ? [{ kind: 'not held', columns: table.identity } as const]
        : []),
      ...(table.backup.isUnlogged ? [{ kind: 'unlogged' } as const] : []),
    ],
    restorable: table.refusal === null,
    refusal: table.refusal,
    size: sizes.get(table.id) ?? null,
  }))
  const others = catalog.others.map(({ id, kind, refusal, move }) => ({
    table: id,
    kind,
    identity: [],
    isJunction: false,
    relations: [],
    drift: move === undefined ? [] : [{ kind: 'looks moved', to: move.to, line: move.line } as const],
    restorable: false,
    refusal,
    size: null,
  }))
  return [...shared, ...others].sort((a, b) => (a.table < b.table ? -1 : 1))
}
