/** What live and backup share: the tables both have, how a row is recognised in both, the relations, and what drifted. */
import { displayName, displayTable, type QualifiedName } from '../database/names.ts'
import { RowgraftError } from '../errors.ts'
import type { Catalog, Column, OtherRelation, Sequence, Table } from './catalog.ts'
import { columnOf, primaryKeyOf } from './catalog.ts'
import { compareTables, type Drift, type SeenTable, whyHidden, whyNotFound } from './drift.ts'
import { buildRelations, findJunction, isKeyOf, type Relation } from './relations.ts'
import { checkSoftDelete } from './soft-delete.ts'
import { likelyMoves } from './suggestions.ts'

/** A column both sides have. */
export interface SharedColumn {
  readonly name: string
  readonly live: Column
  readonly backup: Column
}

/** How a new key comes about when the original one is taken. */
export interface Allocation {
  readonly column: string
  readonly how: 'sequence' | 'default' | 'uuid' | 'max'
  readonly sequence: Sequence | null
}

/** A table both sides have. */
export interface SharedTable extends QualifiedName {
  readonly id: string
  readonly live: Table
  readonly backup: Table
  /** Columns of both sides that live stores (generated ones are computed there), in live's order. */
  readonly columns: readonly SharedColumn[]
  /** The columns by which a backup row is recognised in live. Empty only where `refusal` says so. */
  readonly identity: readonly string[]
  readonly primaryKey: readonly string[]
  /** For a junction table: its two foreign keys, which are its identity. */
  readonly ends: readonly [Relation, Relation] | null
  /** How a new primary key is made; null where keys are made of foreign keys or are natural. */
  readonly allocation: Allocation | null
  /** The column that marks a row as deleted, where the user has said so. */
  readonly softDelete: string | null
  readonly drift: readonly Drift[]
  /** Why rows of this table cannot be restored; null where they can. */
  readonly refusal: string | null
  /** Its rows have no identity, but can be compared as they are, and counted. */
  readonly countsOnly: boolean
  /** Why its rows cannot all be seen: nothing may be concluded from them, nor may they be read. Then `refusal` says so too. */
  readonly hidden: string | null
}

export interface SharedCatalog {
  readonly live: Catalog
  readonly backup: Catalog
  readonly tables: ReadonlyMap<string, SharedTable>
  readonly relations: readonly Relation[]
  /** Relations and tables that cannot be restored, with why, that are not in `tables`. */
  readonly others: readonly OtherRelation[]
}

const refusedHint = 'Run "rowgraft tables" to see what can be restored, and why the rest cannot.'

/** `--set` for the column without which a table is refused; null where it is refused for another reason. */
export const setFlagFor = ({ id, refusal }: Pick<SharedTable, 'id' | 'refusal'>): string | null => {
  const [, required] = /^column "(.+)" of live is NOT NULL without a default/s.exec(refusal ?? '') ?? []
  return required === undefined ? null : `--set ${id}.${displayName(required)}=<value>`
}

/** What helps against the refusal of a table. */
export const hintForRefusal = (table: Pick<SharedTable, 'id' | 'refusal'>): string => {
  const flag = setFlagFor(table)
  return flag === null ? refusedHint : `Give it a value with ${flag}, or give the column a default in live first.`
}

const isInteger = (column: Column): boolean => /^(smallint|integer|bigint)$/.test(column.baseType)

const allocationOf = (table: Table): Allocation | null => {
  const foreign = new Set(table.foreignKeys.flatMap((foreignKey) => foreignKey.columns))
  const own = keyColumns(table).filter((name) => !foreign.has(name))
  const generated = own.filter((name) => columnOf(table, name)?.sequence)
  const name = generated.length === 1 ? generated[0] : own.length === 1 ? own[0] : undefined
  const column = name === undefined ? undefined : columnOf(table, name)
  if (column === undefined) return null
  if (column.sequence !== null) return { column: column.name, how: 'sequence', sequence: column.sequence }
  if (column.baseType === 'uuid') return { column: column.name, how: 'uuid', sequence: null }
  if (column.default?.includes('(')) return { column: column.name, how: 'default', sequence: null }
  // A part of a key that nothing generates means something: only a whole key is made as the next integer.
  return own.length === keyColumns(table).length && isInteger(column)
    ? { column: column.name, how: 'max', sequence: null }
    : null
}

const sharedColumns = (live: Table, backup: Table): readonly SharedColumn[] =>
  live.columns.flatMap((column) => {
    const other = columnOf(backup, column.name)
    return other === undefined || column.generated !== null ? [] : [{ name: column.name, live: column, backup: other }]
  })

const shareTable = (here: SeenTable, there: SeenTable, relations: readonly Relation[]): SharedTable => {
  const [live, backup] = [here.table, there.table]
  const columns = sharedColumns(live, backup)
  const [liveKey, backupKey] = [keyColumns(live), keyColumns(backup)]
  const names = new Set(columns.map(({ name }) => name))
  const found = findJunction(live, relations)
  // Where the backup does not hold the pair to be a key, a pair there may be empty, or there twice.
  const junction = found !== null && isKeyOf(backup, found.columns) ? found : null
  const ends = junction?.ends ?? null
  const identity = junction?.columns ?? liveKey
  const hidden = whyHidden(here) ?? whyHidden(there) ?? whyNotFound(live, identity) ?? whyNotFound(backup, identity)
  const { drift, refusal } = compareTables(live, backup, hidden)
  const sameKey = [...liveKey].sort().join('\0') === [...backupKey].sort().join('\0')
  const why =
    refusal ??
    (identity.length === 0
      ? 'no primary key, and not a junction table: a row of the backup cannot be recognised in live'
      : ends === null && !sameKey
        ? `the primary key differs: (${liveKey.join(', ')}) in live, (${backupKey.join(', ')}) in the backup`
        : identity.some((name) => !names.has(name))
          ? 'a column of its key is not on both sides'
          : null)
  return {
    schema: live.schema,
    name: live.name,
    id: live.id,
    live,
    backup,
    columns,
    identity,
    primaryKey: liveKey,
    ends,
    allocation: allocationOf(live),
    softDelete: null,
    drift,
    refusal: why,
    countsOnly: refusal === null && identity.length === 0,
    hidden,
  }
}

/** The primary key's columns in the order of its index, so that a composite key reads as its constraint does. */
const keyColumns = (table: Table): readonly string[] =>
  primaryKeyOf(table)?.elements.flatMap(({ column }) => (column === null ? [] : [column])) ?? []

/** Puts two catalogs side by side. */
export const shareCatalogs = (live: Catalog, backup: Catalog): SharedCatalog => {
  const inBackup = new Map(backup.tables.map((table) => [table.id, table]))
  const inLive = new Map(live.tables.map((table) => [table.id, table]))
  const relations = buildRelations(inLive, inBackup)
  const tables = live.tables.flatMap((table) => {
    const other = inBackup.get(table.id)
    if (other === undefined) return []
    const here: SeenTable = { table, name: 'live', user: live.user }
    return [shareTable(here, { table: other, name: 'the backup', user: backup.user }, relations)]
  })
  const moves = likelyMoves(live, backup)
  const onlyIn = (from: Catalog, other: ReadonlyMap<string, Table>, why: string): readonly OtherRelation[] =>
    from.tables
      .filter(({ id }) => !other.has(id))
      .map(({ id, kind }) => {
        const hint = from === backup ? moves.get(id) : undefined
        return { id, kind: `${kind} table`, why, ...(hint === undefined ? {} : { hint }) }
      })
  const others = new Map(
    [
      ...onlyIn(live, inBackup, 'it is not in the backup: absence there proves nothing'),
      ...onlyIn(backup, inLive, 'live does not have it'),
      ...backup.others,
      ...live.others,
    ].map((other) => [other.id, other]),
  )
  const ends = new Set(tables.flatMap((table) => table.ends?.map(({ id }) => id) ?? []))
  return {
    live,
    backup,
    tables: new Map(tables.map((table) => [table.id, table])),
    relations: relations.map((relation) => ({ ...relation, isLink: ends.has(relation.id) })),
    others: [...others.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

/** The same catalog with the columns that mark rows as deleted, by table id. Throws `unknown-column`. */
export const withSoftDeletes = (catalog: SharedCatalog, columns: ReadonlyMap<string, string>): SharedCatalog => {
  const tables = new Map(catalog.tables)
  for (const [id, name] of columns) {
    const table = tables.get(id)
    if (table === undefined) continue
    checkSoftDelete(table, name)
    tables.set(id, { ...table, softDelete: name })
  }
  return { ...catalog, tables }
}

/** The table a user means: `photo`, `public.photo`, `"Odd"`. Throws `unknown-table` with the nearest name, or `not-restorable`. */
export const findTable = (catalog: SharedCatalog, wanted: QualifiedName | { readonly name: string }): SharedTable => {
  const matches = [...catalog.tables.values()].filter(
    (table) => table.name === wanted.name && (!('schema' in wanted) || table.schema === wanted.schema),
  )
  const [only] = matches.length > 1 ? matches.filter(({ schema }) => schema === 'public') : matches
  if (only !== undefined) return only
  const text = 'schema' in wanted ? `${wanted.schema}.${wanted.name}` : wanted.name
  if (matches.length > 1) {
    throw new RowgraftError('unknown-table', `the name "${text}" fits several tables`, {
      hint: `Name the schema: ${matches.map(({ id }) => id).join(' or ')}.`,
    })
  }
  const id = 'schema' in wanted ? displayTable(wanted) : `.${displayName(wanted.name)}`
  const other = catalog.others.find((each) => ('schema' in wanted ? each.id === id : each.id.endsWith(id)))
  if (other !== undefined) {
    throw new RowgraftError('not-restorable', `${other.kind} "${other.id}" cannot be restored`, {
      detail: other.why,
      hint: refusedHint,
    })
  }
  const near = nearestName(wanted.name, [...catalog.tables.values()])
  throw new RowgraftError('unknown-table', `there is no table "${text}" on both sides`, {
    hint:
      near === undefined
        ? 'Run "rowgraft tables" to see the tables.'
        : `Did you mean "${near}"? Run "rowgraft tables" to see all of them.`,
  })
}

const nearestName = (name: string, tables: readonly SharedTable[]): string | undefined => {
  const scored = tables
    .map((table) => ({ id: table.id, distance: editDistance(name.toLowerCase(), table.name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = scored
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.id : undefined
}

const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution)
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
