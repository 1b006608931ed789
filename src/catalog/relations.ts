/** Relations between tables: the foreign keys of both sides and what is declared beside them, and the junction tables they make. */
import type { Column, DeleteAction, ForeignKey, Table } from './catalog.ts'
import { columnOf, isGiven, primaryKeyOf } from './catalog.ts'
import type { Condition, DeclaredKey } from './declared.ts'

/** A child table's reference to its parent, as closure follows it. */
export interface Relation {
  /** `public.photo.photo_cover_gallery_id_fkey` */
  readonly id: string
  readonly name: string
  readonly child: string
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
  /** What live does with children when their parent is deleted; the backup's word where live has no such key. */
  readonly onDelete: DeleteAction
  /** The columns SET NULL or SET DEFAULT empties. */
  readonly setColumns: readonly string[]
  /** Some child column may be NULL in live; all of them under MATCH FULL. */
  readonly isNullable: boolean
  readonly isMatchFull: boolean
  /** Live checks it. A key that only the backup has is followed, not enforced. */
  readonly isEnforced: boolean
  /** One of the two ends of a junction table. */
  readonly isLink: boolean
  /** No constraint says so on either side. */
  readonly isDeclared: boolean
  /** Which rows of the child refer; null for all of them. A foreign key has none. */
  readonly condition: Condition | null
  /** How each pair of columns is compared. */
  readonly compared: readonly Comparison[]
  /** The child's key is the reference, and both rows are one record (Django's multi-table inheritance): neither goes without the other. */
  readonly isInheritance: boolean
}

type Ends = Pick<ForeignKey, 'columns' | 'parent' | 'parentColumns'>

const sameKey = (a: Ends, b: Ends): boolean => {
  const pairs = (key: Ends): string =>
    key.columns
      .map((column, position) => `${column}\0${key.parentColumns[position]}`)
      .sort()
      .join('\0\0')
  return a.parent === b.parent && pairs(a) === pairs(b)
}

/** Django's multi-table inheritance: the child's primary key is its reference, and is called after the parent (`animal_ptr_id`). */
const isInheritance = (child: Table, { columns }: ForeignKey): boolean => {
  const key = primaryKeyOf(child)?.elements.map(({ column }) => column) ?? []
  return columns.length === 1 && key.length === 1 && key[0] === columns[0] && /_ptr_id$/.test(columns[0] ?? '')
}

/** Whether a reference can be emptied in live: under MATCH FULL only as a whole. */
const mayBeEmpty = (child: Table, { columns, isMatchFull }: ForeignKey): boolean => {
  const isNullable = (name: string): boolean => columnOf(child, name)?.notNull === false
  return isMatchFull ? columns.every(isNullable) : columns.some(isNullable)
}

/** The tables of both sides, by id. */
interface SharedTables {
  readonly live: ReadonlyMap<string, Table>
  readonly backup: ReadonlyMap<string, Table>
}

/** The union of both sides' foreign keys, between tables and columns that both sides have, and of what is declared beside them. */
export const buildRelations = (tables: SharedTables, declared: readonly DeclaredKey[]): readonly Relation[] => {
  const enforced = relationsOfLive(tables)
  const followed = [...enforced, ...relationsOfBackup(tables)]
  return [...followed, ...declaredRelations(tables, declared, followed)]
}

const relationsOfLive = (tables: SharedTables): readonly Relation[] =>
  [...tables.live.values()].flatMap((child) =>
    child.foreignKeys
      .filter((key) => !key.isPeriod && isShared(tables, child.id, key))
      .map((key) => toRelation(tables, child, key)),
  )

/**
 * Live's keys whose parent, or what they refer to of it, the backup lacks: the parent is looked for in live alone. One that live does not
 * enforce asks for none.
 */
export const relationsToLiveOnly = (tables: SharedTables): readonly Relation[] =>
  [...tables.live.values()].flatMap((child) =>
    child.foreignKeys
      .filter((key) => key.isEnforced && !key.isPeriod && isWritten(tables, child.id, key))
      .filter((key) => hasColumns(tables.live, key.parent, key.parentColumns))
      .filter((key) => !hasColumns(tables.backup, key.parent, key.parentColumns))
      .map((key) => ({ ...toRelation(tables, child, key), compared: compareOn(tables.live, child.id, key) })),
  )

/** Keys that only the backup has: followed, not enforced. */
const relationsOfBackup = (tables: SharedTables): readonly Relation[] =>
  [...tables.backup.values()].flatMap((table) => {
    const child = tables.live.get(table.id)
    if (child === undefined) return []
    return table.foreignKeys
      .filter((key) => !key.isPeriod && !child.foreignKeys.some((other) => sameKey(other, key)))
      .filter((key) => isShared(tables, child.id, key))
      .map((key) => {
        // Live may have given the name to another key since.
        const isTaken = child.foreignKeys.some(({ name }) => name === key.name)
        const name = isTaken ? `${key.name} of the backup` : key.name
        return toRelation(tables, child, { ...key, name, isEnforced: false })
      })
  })

/** What no constraint says, as far as none of the relations known says it. */
const declaredRelations = (
  tables: SharedTables,
  declared: readonly DeclaredKey[],
  known: readonly Relation[],
): readonly Relation[] => {
  const found: Relation[] = []
  for (const key of declared) {
    const child = tables.live.get(key.child)
    const isSame = (other: Relation): boolean => other.child === key.child && sameKey(other, key)
    const isKnown = key.condition === null && (known.some(isSame) || found.some(isSame))
    if (child === undefined || isKnown || !isShared(tables, child.id, key)) continue
    found.push({
      ...key,
      id: `${key.child}.${key.name}`,
      setColumns: key.columns,
      isNullable: key.columns.some((name) => !columnOf(child, name)?.notNull),
      isMatchFull: false,
      isEnforced: false,
      isLink: false,
      isDeclared: true,
      compared: compareEnds(tables, child.id, key),
      isInheritance: false,
    })
  }
  return found
}

const toRelation = (tables: SharedTables, child: Table, key: ForeignKey): Relation => ({
  id: `${child.id}.${key.name}`,
  name: key.name,
  child: child.id,
  columns: key.columns,
  parent: key.parent,
  parentColumns: key.parentColumns,
  onDelete: key.onDelete,
  setColumns: key.setColumns,
  isNullable: mayBeEmpty(child, key),
  isMatchFull: key.isMatchFull,
  isEnforced: key.isEnforced,
  isLink: false,
  isDeclared: false,
  condition: null,
  compared: compareEnds(tables, child.id, key),
  isInheritance: isInheritance(child, key),
})

const hasColumns = (side: ReadonlyMap<string, Table>, id: string, columns: readonly string[]): boolean =>
  side.has(id) && columns.every((name) => findColumn(side, id, name) !== undefined)

/** The backup's references are written: both sides have them, and the user gave no value for them. That refers to a row of live, and to none of the backup. */
const isWritten = ({ live, backup }: SharedTables, child: string, { columns }: Ends): boolean => {
  const own = backup.get(child)
  const isOwn = own !== undefined && !columns.some((name) => isGiven(own, name))
  return isOwn && [live, backup].every((side) => hasColumns(side, child, columns))
}

/** The backup's references are written, and both sides have what they refer to. */
const isShared = (tables: SharedTables, child: string, key: Ends): boolean =>
  isWritten(tables, child, key) &&
  [tables.live, tables.backup].every((side) => hasColumns(side, key.parent, key.parentColumns))

const findColumn = (tables: ReadonlyMap<string, Table>, id: string, name: string): Column | undefined => {
  const table = tables.get(id)
  return table === undefined ? undefined : columnOf(table, name)
}

/** How each pair of columns is compared on one side. */
const compareOn = (
  side: ReadonlyMap<string, Table>,
  child: string,
  { columns, parent, parentColumns }: Ends,
): readonly Comparison[] =>
  columns.map((name, position) => {
    const own = findColumn(side, child, name)
    const other = findColumn(side, parent, parentColumns[position] ?? '')
    return own === undefined || other === undefined ? 'value' : compareColumns(own, other)
  })

/** How each pair of columns is compared; by text where the sides do not agree. */
const compareEnds = ({ live, backup }: SharedTables, child: string, key: Ends): readonly Comparison[] => {
  const there = compareOn(backup, child, key)
  return compareOn(live, child, key).map((here, position) => (here === there[position] ? here : 'text'))
}

/** The columns of each unique key that holds for every row and is made of columns alone. */
const plainKeys = (table: Table): readonly ReadonlySet<string | null>[] =>
  table.uniques
    .filter(
      ({ kind, predicate, isValid, elements }) =>
        kind !== 'exclusion' && predicate === null && isValid && elements.every(({ column }) => column !== null),
    )
    .map(({ elements }) => new Set(elements.map(({ column }) => column)))

/** True where these columns are never empty, and never twice the same. */
export const isKeyOf = (table: Table, columns: readonly string[]): boolean =>
  columns.every((name) => columnOf(table, name)?.notNull === true) &&
  plainKeys(table).some((key) => key.size === columns.length && columns.every((name) => key.has(name)))

/** What makes a table a junction table: two NOT NULL foreign keys that are together exactly the columns of one of its keys. */
export interface Junction {
  readonly ends: readonly [Relation, Relation]
  /** The columns of both, in the order of that key. */
  readonly columns: readonly string[]
}

/** The two relations of a table that is a junction table because somebody says so; null where there are not just two. */
export const declaredJunction = (table: Table, relations: readonly Relation[]): Junction | null => {
  const [first, second, ...more] = relations.filter(({ child, condition }) => child === table.id && condition === null)
  if (first === undefined || second === undefined || more.length > 0) return null
  return { ends: [first, second], columns: [...new Set([...first.columns, ...second.columns])] }
}

/** The two foreign keys that make a table a junction table, in the order of its key; the primary key is looked at first. */
export const findJunction = (table: Table, relations: readonly Relation[]): Junction | null => {
  const candidates = relations.filter(
    (relation) =>
      relation.child === table.id &&
      relation.condition === null &&
      relation.columns.every((name) => columnOf(table, name)?.notNull === true),
  )
  for (const wanted of plainKeys(table)) {
    for (const [position, first] of candidates.entries()) {
      for (const second of candidates.slice(position + 1)) {
        const covered = new Set([...first.columns, ...second.columns])
        const neitherAlone = first.columns.length < wanted.size && second.columns.length < wanted.size
        if (neitherAlone && covered.size === wanted.size && [...covered].every((name) => wanted.has(name))) {
          const columns = [...wanted].filter((name) => name !== null)
          const place = (end: Relation): number => columns.indexOf(end.columns[0] ?? '')
          return { ends: place(first) <= place(second) ? [first, second] : [second, first], columns }
        }
      }
    }
  }
  return null
}

/**
 * How two columns are compared: by `=`, or, where their types differ, by their text; a parent's integers and uuids are then also
 * compared as such, so that an index on them is of use.
 */
export type Comparison = 'value' | 'text' | 'integer text' | 'uuid text'

const integers = /^(smallint|integer|bigint)$/

const texts = /^(text|character varying|name)$/

/** How a child's column is compared with its parent's. */
export const compareColumns = (child: Column, parent: Column): Comparison => {
  const alike = [integers, texts].some((family) => family.test(child.baseType) && family.test(parent.baseType))
  if (child.baseType === parent.baseType || alike) return 'value'
  if (!texts.test(child.baseType)) return 'text'
  return integers.test(parent.baseType) ? 'integer text' : parent.baseType === 'uuid' ? 'uuid text' : 'text'
}
