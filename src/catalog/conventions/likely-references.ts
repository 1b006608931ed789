/** Columns that are called like a reference that no constraint declares: `project_id`, `parent_id`, `customer_id` of `customers`. Pure. */
import { type Column, columnOf, type Table } from '../catalog.ts'
import type { SharedCatalog, SharedTable } from '../shared.ts'
import { isBookkeeping } from './bookkeeping.ts'
import { pluralise, underscore } from './inflection.ts'

/** One column, and the table whose key its values are by its name. Ids of tables. */
export interface LikelyReference {
  readonly child: string
  readonly column: string
  readonly parent: string
  readonly parentColumn: string
}

const families = [/^(smallint|integer|bigint)$/, /^(text|character varying)$/, /^uuid$/]

const isAlike = (one: Column, other: Column): boolean =>
  families.some((family) => family.test(one.baseType) && family.test(other.baseType))

/** The key that a reference of one column can be to. */
const keyOf = ({ primaryKey, live }: SharedTable): Column | undefined => {
  const [name, ...more] = primaryKey
  return name === undefined || more.length > 0 ? undefined : columnOf(live, name)
}

/** `projectId`, `project_id`, `id_project` and `fk_project` -> `project`; null for any other name. */
const stemOf = (name: string): string | null => {
  const [, front, back] = /^(?:(.+)_(?:id|uuid|fk)|(?:id|fk)_(.+))$/.exec(underscore(name)) ?? []
  return front ?? back ?? null
}

/** References to a row of the same table. */
const toOwn = /^(parent|root|previous|prev|next|original|duplicate_of|replaced_by|copied_from)$/

/** Both ends of a row that says which rows lie below which: its table is called after theirs. */
const toEnds = /^(ancestor|descendant)$/
const endings = /_(hierarchy|hierarchies|closures?|tree_paths?|paths?)$/

/** What the table may be called, likeliest first: with all words of the stem, then without the first ones; with the prefix of the child's name, too. */
const namesFor = (stem: string, child: string): readonly string[] => {
  const words = stem.split('_')
  const stems = words.map((_, position) => words.slice(position).join('_'))
  const parts = child.split('_')
  const prefixes = ['', ...parts.slice(0, -1).map((_, position) => `${parts.slice(0, position + 1).join('_')}_`)]
  return stems.flatMap((own) => prefixes.flatMap((prefix) => [`${prefix}${pluralise(own)}`, `${prefix}${own}`]))
}

/** Tables by what their names are made of, and by the column of their key. */
interface Index {
  readonly byName: ReadonlyMap<string, readonly SharedTable[]>
  readonly byKey: ReadonlyMap<string, readonly SharedTable[]>
}

const nearest = (tables: readonly SharedTable[], { schema }: SharedTable): readonly SharedTable[] => {
  const near = tables.filter((table) => table.schema === schema)
  return near.length > 0 ? near : tables
}

/** The tables that a column may refer to by its name; several where nothing tells them apart. */
const findNamed = ({ byName, byKey }: Index, child: SharedTable, name: string): readonly SharedTable[] => {
  const stem = stemOf(name)
  if (stem === null) return []
  const own = underscore(child.name)
  const wanted = toEnds.test(stem) && endings.test(own) ? own.replace(endings, '') : stem
  const called = namesFor(wanted, own).find((known) => byName.has(known))
  if (called !== undefined) return nearest(byName.get(called) ?? [], child)
  if (toOwn.test(stem)) return [child]
  // `cust_id` beside a table whose key is called `cust_id`, too.
  return (byKey.get(name) ?? []).filter((table) => table !== child && table.schema === child.schema)
}

const isPolymorphic = (table: Table, name: string): boolean =>
  columnOf(table, underscore(name).replace(/_(id|uuid)$/, '_type')) !== undefined

/** References by name alone, as far as no relation has their column: they may be by chance. */
export const likelyReferences = ({ tables, relations }: SharedCatalog): readonly LikelyReference[] => {
  const usable = [...tables.values()].filter((table) => table.hidden === null && !isBookkeeping(table))
  const index: Index = {
    byName: Map.groupBy(usable, ({ name }) => underscore(name)),
    byKey: Map.groupBy(usable, ({ primaryKey }) => (primaryKey.length === 1 ? (primaryKey[0] ?? '') : '')),
  }
  return usable.flatMap((child) => {
    const known = new Set(relations.filter((relation) => relation.child === child.id).flatMap(({ columns }) => columns))
    return child.columns.flatMap(({ name }): readonly LikelyReference[] => {
      const isOwnKey = child.primaryKey.length === 1 && child.primaryKey[0] === name
      if (known.has(name) || isOwnKey || isPolymorphic(child.live, name)) return []
      const column = columnOf(child.live, name)
      const [parent, ...rivals] = findNamed(index, child, name)
      const key = parent === undefined ? undefined : keyOf(parent)
      if (column === undefined || parent === undefined || rivals.length > 0 || key === undefined) return []
      return isAlike(column, key) ? [{ child: child.id, column: name, parent: parent.id, parentColumn: key.name }] : []
    })
  })
}
