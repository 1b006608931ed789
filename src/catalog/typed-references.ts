/** References whose table depends on another column: Django's generic foreign keys, Rails' polymorphic associations. Pure. */
import { type Column, columnOf, type Table } from './catalog.ts'
import type { Relation } from './relations.ts'

/** A pair of columns that say of what, and which one. */
export interface TypedReference {
  /** Table id. */
  readonly table: string
  readonly typeColumn: string
  readonly idColumn: string
}

/** Such a reference, and what is known of the values of its type column. */
export interface FollowedReference extends TypedReference {
  /** Texts of the type column that are followed. */
  readonly followed: readonly string[]
  /** What a text of the type column is called, where it is a key itself. */
  readonly names: Readonly<Record<string, string>>
}

const idTypes = /^(smallint|integer|bigint|uuid|text|character varying)$/
const nameTypes = /^(text|character varying)$/

const isId = (column: Column | undefined): boolean => column !== undefined && idTypes.test(column.baseType)
const isName = (column: Column | undefined): boolean =>
  column !== undefined && (nameTypes.test(column.baseType) || column.typeKind === 'enum')

const isReferring = (relations: readonly Relation[], table: string, column: string): boolean =>
  relations.some(({ child, columns }) => child === table && columns.includes(column))

/** A table of both sides. */
interface BothSides {
  readonly live: Table
  readonly backup: Table
}

/** `commentable_type` with `commentable_id`, as far as nothing says what the id refers to. */
export const findTypedNames = (
  { live, backup }: BothSides,
  relations: readonly Relation[],
): readonly TypedReference[] =>
  live.columns.flatMap(({ name }) => {
    const stem = /^(.+)_type$/s.exec(name)?.[1]
    const idColumn = `${stem}_id`
    const isPair = [live, backup].every((side) => isName(columnOf(side, name)) && isId(columnOf(side, idColumn)))
    if (stem === undefined || !isPair || isReferring(relations, live.id, idColumn)) return []
    return [{ table: live.id, typeColumn: name, idColumn }]
  })

/** `content_type_id` with `object_id` or `object_pk`, under any prefix, in a table that refers to the content types. */
export const findGenericKeys = (
  { live, backup }: BothSides,
  contentTypes: string,
  relations: readonly Relation[],
): readonly TypedReference[] =>
  relations.flatMap(({ child, parent, columns }) => {
    const [typeColumn = ''] = columns
    const prefix = /^(|.+_)content_type_id$/s.exec(typeColumn)?.[1]
    if (child !== live.id || parent !== contentTypes || columns.length !== 1 || prefix === undefined) return []
    const idColumn = [`${prefix}object_id`, `${prefix}object_pk`].find((name) =>
      [live, backup].every((side) => isId(columnOf(side, name))),
    )
    if (idColumn === undefined || isReferring(relations, live.id, idColumn)) return []
    return [{ table: live.id, typeColumn, idColumn }]
  })
