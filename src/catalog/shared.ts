/**
 * Two catalogs side by side: in come live's and the backup's, with what the config file declares; out go the tables that both have,
 * their relations, and why others cannot be compared or restored. Pure.
 */
import { displayName, displayTable, type QualifiedName } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import { isSameNames } from '../keys/key.ts'
import { type Allocation, allocationOf, primaryKeyColumns } from './allocation.ts'
import type { Catalog, Column, OtherRelation, Table } from './catalog.ts'
import { columnOf } from './catalog.ts'
import { checkSoftDelete } from './conventions/soft-delete.ts'
import { likelyMoves } from './conventions/suggestions.ts'
import { type Declarations, noDeclarations } from './declared.ts'
import { compareTables, type Drift, type SeenTable, whyHidden, whyNotFound } from './drift.ts'
import { nearestName } from './nearest-name.ts'
import { type Hidden, RefusedError, type TableRefusal } from './refusal/refusal.ts'
import {
  buildRelations,
  declaredJunction,
  findJunction,
  isKeyOf,
  type Relation,
  relationsToLiveOnly,
} from './relations.ts'
import { parseTableName, type TableName, tableNamed } from './table-name.ts'
import type { FollowedReference } from './typed-references.ts'

/** A column both sides have. */
export interface SharedColumn {
  readonly name: string
  readonly live: Column
  readonly backup: Column
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
  readonly refusal: TableRefusal | null
  /** The column for which `--set` has to give a value, where that is why: NOT NULL in live without a default, and not in the backup. */
  readonly required: string | null
  /** Its rows have no identity, but can be compared as they are, and counted. */
  readonly countsOnly: boolean
  /** Why its rows cannot all be seen: nothing may be concluded from them, nor may they be read. Then `refusal` says so too. */
  readonly hidden: Hidden | null
  /** The same for rows that others refer to: where the backup has none of the table, live can still say which of them it has. */
  readonly hiddenParent: Hidden | null
}

/** A row of the backup that is recognised by what it is called, and not by its key. */
export interface NamedRow {
  readonly name: string
  /** The key of live's row of that name; null where live has none. */
  readonly live: string | null
}

export interface SharedCatalog {
  readonly live: Catalog
  readonly backup: Catalog
  readonly tables: ReadonlyMap<string, SharedTable>
  readonly relations: readonly Relation[]
  /** Foreign keys of live's to what the backup lacks: their parents are looked for in live. */
  readonly toLiveOnly: readonly Relation[]
  /** What is declared beside the constraints. */
  readonly declarations: Declarations
  /** Rows of Django's tables of content types and permissions, by table id and key: a migration makes them, and nothing else should. */
  readonly named: ReadonlyMap<string, ReadonlyMap<string, NamedRow>>
  /** References whose table depends on another column, as far as they are followed. */
  readonly typed: readonly FollowedReference[]
  /** SQL naming rows of the backup that must not come back, by table id. */
  readonly never: ReadonlyMap<string, string>
  /** Relations and tables that cannot be restored, with why, that are not in `tables`. */
  readonly others: readonly OtherRelation[]
}

const refusedHint = 'Run "rowgraft tables" to see what can be restored, and why the rest cannot.'

/** `--set` for the column without which a table is refused; null where it is refused for another reason. */
const setFlagFor = ({ id, required }: Pick<SharedTable, 'id' | 'required'>): string | null =>
  required === null ? null : `--set ${id}.${displayName(required)}=<value>`

/** What helps against the refusal of a table. */
const hintForRefusal = (table: Pick<SharedTable, 'id' | 'required'>): string => {
  const flag = setFlagFor(table)
  return flag === null ? refusedHint : `Give it a value with ${flag}, or give the column a default in live first.`
}

/** The error of a table whose rows cannot be restored, or not what is said. */
export const refuseTable = (
  table: SharedTable,
  what = `table "${table.id}" cannot be restored`,
  hint = hintForRefusal(table),
): RefusedError => new RefusedError('not-restorable', what, { refusal: table.refusal, hint })

const sharedColumns = (live: Table, backup: Table): readonly SharedColumn[] =>
  live.columns.flatMap((column) => {
    const other = columnOf(backup, column.name)
    return other === undefined || column.generated !== null ? [] : [{ name: column.name, live: column, backup: other }]
  })

/** True where rows are recognised by other columns than the primary key: that is a surrogate then, and not compared. */
export const hasSurrogate = ({ identity, primaryKey }: Pick<SharedTable, 'identity' | 'primaryKey'>): boolean =>
  primaryKey.some((name) => !identity.includes(name))

/** A reference to whatever a period overlaps is no reference to a row. */
const whyTemporal = ({ foreignKeys }: Table): TableRefusal | null => {
  const key = foreignKeys.find(({ isPeriod }) => isPeriod)
  return key === undefined ? null : { kind: 'period', constraint: key.name }
}

/** Why a row of the backup would not be recognised in live. */
const whyUnrecognised = (
  identity: readonly string[],
  {
    isGiven,
    keys,
    columns,
  }: {
    /** By the config file, or by a junction table's ends. */
    readonly isGiven: boolean
    readonly keys: { readonly live: readonly string[]; readonly backup: readonly string[] }
    readonly columns: readonly SharedColumn[]
  },
): TableRefusal | null => {
  if (identity.length === 0) return { kind: 'no key' }
  if (!isGiven && !isSameNames(keys.live.toSorted(), keys.backup.toSorted())) return { kind: 'other key', ...keys }
  const isShared = identity.every((name) => columns.some((column) => column.name === name))
  return isShared ? null : { kind: 'key on one side' }
}

const shareTable = (
  { here, there }: { readonly here: SeenTable; readonly there: SeenTable },
  relations: readonly Relation[],
  declarations: Declarations,
): SharedTable => {
  const [live, backup] = [here.table, there.table]
  const columns = sharedColumns(live, backup)
  const [liveKey, backupKey] = [primaryKeyColumns(live), primaryKeyColumns(backup)]
  const declared = declarations.identities[live.id]
  const found = declared === undefined ? findJunction(live, relations) : null
  // Where the backup does not hold the pair to be a key, a pair there may be empty, or there twice.
  const byKey = found !== null && isKeyOf(backup, found.columns) ? found : null
  const junction = byKey ?? (declarations.junctions.includes(live.id) ? declaredJunction(live, relations) : null)
  const ends = junction?.ends ?? null
  const identity = declared ?? junction?.columns ?? liveKey
  const unfound = whyNotFound(live, identity) ?? whyNotFound(backup, identity)
  const hidden = whyHidden(here) ?? whyHidden(there) ?? unfound
  const { drift, refusal, required } = compareTables(live, backup, hidden)
  const isDisjoint = columns.length === 0 && [live, backup].some((side) => side.columns.length > 0)
  const why =
    declarations.refusals[live.id] ??
    refusal ??
    whyTemporal(live) ??
    (isDisjoint ? ({ kind: 'nothing in common' } as const) : null) ??
    whyUnrecognised(identity, {
      isGiven: ends !== null || declared !== undefined,
      keys: { live: liveKey, backup: backupKey },
      columns,
    })
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
    allocation: allocationOf(live, relations),
    softDelete: null,
    drift,
    refusal: why,
    required: why === refusal ? required : null,
    countsOnly:
      refusal === null && !isDisjoint && identity.length === 0 && declarations.refusals[live.id] === undefined,
    hidden,
    hiddenParent: backup.withoutRows === true ? (whyHidden(here) ?? unfound) : hidden,
  }
}

/** Puts two catalogs side by side. */
export const shareCatalogs = (
  live: Catalog,
  backup: Catalog,
  declarations: Declarations = noDeclarations,
): SharedCatalog => {
  const inBackup = new Map(backup.tables.map((table) => [table.id, table]))
  const inLive = new Map(live.tables.map((table) => [table.id, table]))
  const sides = { live: inLive, backup: inBackup }
  const relations = buildRelations(sides, declarations.relations)
  const tables = live.tables.flatMap((table) => {
    const other = inBackup.get(table.id)
    if (other === undefined) return []
    const here: SeenTable = { table, name: 'live', user: live.user }
    const there: SeenTable = { table: other, name: 'the backup', user: backup.user }
    return [shareTable({ here, there }, relations, declarations)]
  })
  const moves = likelyMoves(live, backup)
  const onlyIn = (from: Catalog, other: ReadonlyMap<string, Table>): readonly OtherRelation[] =>
    from.tables
      .filter(({ id }) => !other.has(id))
      .map(({ id, kind }) => {
        const move = from === backup ? moves.get(id) : undefined
        const refusal = { kind: from === backup ? 'not in live' : 'not in the backup' } as const
        return { id, kind: `${kind} table`, refusal, ...(move === undefined ? {} : { move }) }
      })
  const others = new Map(
    [...onlyIn(live, inBackup), ...onlyIn(backup, inLive), ...backup.others, ...live.others].map((other) => [
      other.id,
      other,
    ]),
  )
  const ends = new Set(tables.flatMap((table) => table.ends?.map(({ id }) => id) ?? []))
  return {
    live,
    backup,
    tables: new Map(tables.map((table) => [table.id, table])),
    relations: relations.map((relation) => ({ ...relation, isLink: ends.has(relation.id) })),
    toLiveOnly: relationsToLiveOnly(sides),
    declarations,
    named: new Map(),
    typed: [],
    never: new Map(),
    others: [...others.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

/** The same catalog with another backup of the same tables. */
export const shareAgain = (catalog: SharedCatalog, backup: Catalog): SharedCatalog => {
  const { live, declarations, named, typed, never } = catalog
  return { ...shareCatalogs(live, backup, declarations), named, typed, never }
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

/**
 * The table of both sides that a user means, typed (`photo`, `public.photo`, `"Odd"`) or parsed. Throws `unknown-table` with the nearest
 * name, or `not-restorable`.
 */
export const findTable = (catalog: SharedCatalog, wanted: string | TableName): SharedTable => {
  const parsed = typeof wanted === 'string' ? parseTableName(wanted) : wanted
  const tables = [...catalog.tables.values()]
  const found = tableNamed(tables, parsed)
  if (found !== undefined) return found
  const { schema, name } = parsed
  const text = schema === undefined ? name : `${schema}.${name}`
  const other = catalog.others.find(({ id }) =>
    schema === undefined ? id.endsWith(`.${displayName(name)}`) : id === displayTable({ schema, name }),
  )
  if (other !== undefined) {
    throw new RefusedError('not-restorable', `${other.kind} "${other.id}" cannot be restored`, {
      refusal: other.refusal,
      hint: refusedHint,
    })
  }
  const near = nearestName(name, tables)
  throw new RowgraftError('unknown-table', `there is no table "${text}" on both sides`, {
    hint:
      near === undefined
        ? 'Run "rowgraft tables" to see the tables.'
        : `Did you mean "${near}"? Run "rowgraft tables" to see all of them.`,
  })
}
