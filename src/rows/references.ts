/** References between rows of the backup, one query per relation and batch of rows. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import type { Relation } from '../catalog/relations.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { findReferenceInKey } from '../catalog/spelling.ts'
import { all, column, list, type Query } from '../database/names.ts'
import type { Row } from '../database/session/outcome.ts'
import type { Reader } from '../database/session/reader.ts'
import { packKey, unpackKey } from '../keys/key.ts'
import { isReferred, joinRelation, refers } from '../sql/references.ts'
import {
  asText,
  fromTable,
  inBatches,
  inKeyRange,
  joinOn,
  keySource,
  ordinal,
  typeOf,
  valueSource,
} from '../sql/rows.ts'
import { findKeys, readByKey } from './by-key.ts'
import type { Remembered } from './parent-memory.ts'
import type { Sides } from './sides.ts'

/** A row and the row at the other end of the relation, both packed. */
export interface Referring {
  readonly key: string
  readonly other: string
}

/** A relation, and the table whose rows refer by it. */
export interface ChildEnd {
  readonly relation: Relation
  readonly child: SharedTable
}

/** The same with the table that is referred to, where both sides have it. */
export interface Edge extends ChildEnd {
  readonly parent: SharedTable
}

/** What rows refer to. */
export interface Parents {
  /** Parents that the backup has, by identity. */
  readonly rows: readonly Referring[]
  /** Rows whose parent is neither in the backup nor in live; `other` is the packed reference. */
  readonly nowhere: readonly Referring[]
}

/** The parents that rows refer to in the backup. One that only live has is none of our business. */
export const readParents = async (sides: Sides, end: ChildEnd, keys: readonly string[]): Promise<Parents> => {
  const { relation, child } = end
  const parent = sides.catalog.tables.get(relation.parent)
  const isPlain = parent !== undefined && relation.condition === null
  const places = isPlain ? findReferenceInKey(child, relation, parent) : null
  if (places !== null) {
    const rows = keys.map((key) => {
      const values = unpackKey(key)
      return { key, other: packKey(places.map((place) => values[place] ?? '')) }
    })
    return { rows, nowhere: [] }
  }
  const known = sides.parents.of(relation.id)
  if (known === null) return queryParents(sides, end, keys)
  const unknown = keys.filter((key) => !known.has(key))
  const found = await queryParents(sides, end, unknown)
  for (const key of unknown) known.set(key, noParent)
  // Many rows have the same parent: it is kept once.
  const parents = new Map<string, Remembered>()
  for (const { key, other } of found.rows) {
    const own = parents.get(other) ?? { other, isNowhere: false }
    parents.set(other, own)
    known.set(key, own)
  }
  for (const { key, other } of found.nowhere) known.set(key, { other, isNowhere: true })
  const [rows, nowhere]: readonly [Referring[], Referring[]] = [[], []]
  for (const key of keys) {
    const { other, isNowhere } = known.get(key) ?? noParent
    if (other !== null) (isNowhere ? nowhere : rows).push({ key, other })
  }
  return { rows, nowhere }
}

const noParent: Remembered = { other: null, isNowhere: false }

const queryParents = async (sides: Sides, { relation, child }: ChildEnd, keys: readonly string[]): Promise<Parents> => {
  const parent = sides.catalog.tables.get(relation.parent)
  const found: Referring[] = []
  const unknown: OpenReference[] = []
  const columns = {
    keys,
    columns: relation.columns,
    where: refers(relation, 'backup', { table: child.backup, alias: 't' }),
  }
  const asked =
    parent === undefined || parent.identity.length === 0
      ? columns
      : {
          ...columns,
          show: parent.identity.map((name) => column('p', name)),
          join: sql`left join ${fromTable(parent.backup)} as p on ${joinRelation(relation, 't', 'p')}`,
        }
  for await (const rows of readByKey(sides.backup, child, asked)) {
    for (const { key, values } of rows) {
      const reference = values.slice(0, relation.columns.length)
      const identity = values.slice(relation.columns.length)
      if (identity.length > 0 && identity.every((value) => value !== null))
        found.push({ key, other: packKey(identity) })
      else unknown.push({ key, reference })
    }
  }
  return { rows: found, nowhere: relation.isEnforced ? await notInLive(sides, relation, unknown) : [] }
}

/** A row and what it refers to. */
interface OpenReference {
  readonly key: string
  readonly reference: Row
}

const notInLive = async (
  sides: Sides,
  relation: Relation,
  open: readonly OpenReference[],
): Promise<readonly Referring[]> => {
  if (open.length === 0) return []
  const inLive = await referencesInLive(
    sides.live,
    { relation, table: sides.catalog.live.tables.find(({ id }) => id === relation.parent), show: [] },
    open.map(({ reference }) => reference),
  )
  const nowhere = open.filter((_, position) => !inLive.has(position))
  return nowhere.map(({ key, reference }) => ({ key, other: packKey(reference) }))
}

/** Rows that refer to what live does not have, by a relation whose parent the backup cannot show. */
export const readUnheld = async (
  sides: Sides,
  { relation, child }: ChildEnd,
  keys: readonly string[],
): Promise<readonly Referring[]> => {
  const where = refers(relation, 'backup', { table: child.backup, alias: 't' })
  const open: OpenReference[] = []
  for await (const rows of readByKey(sides.backup, child, { keys, columns: relation.columns, where })) {
    for (const { key, values } of rows) open.push({ key, reference: values })
  }
  return notInLive(sides, relation, open)
}

/**
 * Rows whose parent is gone from live as a record, while live has its referenced value on another row, by whose packed key they are given: a
 * reference to a unique key that is not the parent's identity finds it there. By identity, or by a surrogate, the same value on another
 * record is no parent.
 */
export const findByValue = async (
  sides: Sides,
  { relation, child, parent }: Edge,
  rows: readonly Referring[],
): Promise<ReadonlyMap<string, string>> => {
  const isOwn = (name: string): boolean => parent.identity.includes(name) || parent.primaryKey.includes(name)
  const found = new Map<string, string>()
  if (relation.parentColumns.every(isOwn) || rows.length === 0) return found
  const asked = { keys: rows.map(({ key }) => key), columns: relation.columns }
  const shown = { relation, table: parent.live, show: parent.identity }
  for await (const references of readByKey(sides.backup, child, asked)) {
    const values = references.map((reference) => reference.values)
    const inLive = await referencesInLive(sides.live, shown, values)
    for (const [position, key] of inLive) found.set(references[position]?.key ?? '', key)
  }
  return found
}

/** Where references are looked up, and what is to be shown of what they refer to. */
interface ReferredTo {
  readonly relation: Relation
  readonly table: Table | undefined
  readonly show: readonly string[]
}

/** Positions of the references that live has a parent for, with what is to be shown of it, packed. */
const referencesInLive = async (
  reader: Reader,
  { relation, table, show }: ReferredTo,
  references: readonly Row[],
): Promise<ReadonlyMap<number, string>> => {
  const found = new Map<number, string>()
  if (table === undefined) return found
  let offset = 0
  for (const batch of inBatches(references)) {
    const { parentColumns, compared } = relation
    const source = valueSource(
      parentColumns.map((name, place) => (compared[place] === 'value' ? typeOf(table, name) : sql`text`)),
      batch,
      { names: parentColumns },
    )
    const rows = await reader.rows(sql`
      select ${list([sql`${ordinal('k')}::text`, ...show.map((name) => sql`${column('p', name)}::text`)])}
      from ${source}
      join ${fromTable(table)} as p
        on ${all(parentColumns.map((name, place) => isReferred({ relation, position: place }, column('k', name), column('p', name))))}`)
    for (const [ord, ...key] of rows) found.set(offset + Number(ord) - 1, packKey(key))
    offset += batch.length
  }
  return found
}

/** Of the rows given, those that refer to some parent in the backup, which need not be readable itself. */
export const readReferring = async (
  sides: Sides,
  { relation, child }: ChildEnd,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const where = refers(relation, 'backup', { table: child.backup, alias: 't' })
  return [...(await findKeys(sides.backup, child, { keys, where }))]
}

/** Keys of parents `k`, joined with their children `c`; by way of the parents where the keys alone do not say what is referred to. */
const joinChildren = ({ relation, child, parent }: Edge, keys: readonly string[]): Query => {
  const source = keySource(parent.backup, parent.identity, keys)
  const isByKey = relation.parentColumns.every((name) => parent.identity.includes(name))
  const own = parent.identity.map((name) => {
    const place = relation.parentColumns.indexOf(name)
    return relation.compared[place] === 'value' ? (relation.columns[place] ?? '') : ''
  })
  return isByKey
    ? sql`from ${source}
      join ${fromTable(child.backup)} as c on ${joinRelation(relation, 'c', 'k')} ${inKeyRange({ table: child.backup, alias: 'c' }, own, keys)}`
    : sql`from ${source}
      join ${fromTable(parent.backup)} as p on ${joinOn(parent.identity, 'p', 'k')}
      join ${fromTable(child.backup)} as c on ${joinRelation(relation, 'c', 'p')}`
}

/** The children that refer to rows in the backup: `key` is the child, `other` the parent. */
export const readChildren = async (
  sides: Sides,
  edge: Edge,
  keys: readonly string[],
): Promise<readonly Referring[]> => {
  const { relation, child } = edge
  const found: Referring[] = []
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text, ${asText('c', child.identity)}
      ${joinChildren(edge, batch)}
      where ${refers(relation, 'backup', { table: child.backup, alias: 'c' })}`)
    for (const [ord, ...key] of rows) found.push({ key: packKey(key), other: batch[Number(ord) - 1] ?? '' })
  }
  return found
}

/** Keys of some rows that refer to one row in the backup. */
export const readSomeChildren = async (
  sides: Sides,
  edge: Edge,
  { key, most }: { readonly key: string; readonly most: number },
): Promise<readonly string[]> => {
  const { relation, child } = edge
  const rows = await sides.backup.rows(sql`
    select ${asText('c', child.identity)}
    ${joinChildren(edge, [key])}
    where ${refers(relation, 'backup', { table: child.backup, alias: 'c' })}
    limit ${sql.lit(most)}`)
  return rows.map((own) => packKey(own))
}

/** How many rows of the backup refer to the rows given; the child needs no key for it. */
export const countChildren = async (sides: Sides, edge: Edge, keys: readonly string[]): Promise<number> => {
  const { relation, child } = edge
  let rows = 0
  for (const batch of inBatches(keys)) {
    const [counted] = await sides.backup.rows(sql`
      select pg_catalog.count(*)::text
      ${joinChildren(edge, batch)}
      where ${refers(relation, 'backup', { table: child.backup, alias: 'c' })}`)
    rows += Number(counted?.[0] ?? 0)
  }
  return rows
}

/** True where some row of the backup refers to one of the rows given; the child needs no key for it. */
export const hasChildren = async (sides: Sides, edge: Edge, keys: readonly string[]): Promise<boolean> => {
  const { relation, child } = edge
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select 1
      ${joinChildren(edge, batch)}
      where ${refers(relation, 'backup', { table: child.backup, alias: 'c' })}
      limit 1`)
    if (rows.length > 0) return true
  }
  return false
}
