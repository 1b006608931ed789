/**
 * Survivors: live rows whose reference to a restored row was emptied when that row was deleted.
 *
 * Which emptying was the deletion's is read from `xmin`, the transaction that last wrote a row: the transaction that emptied most
 * references to one parent is taken as its deletion. Rows last written before it were empty before; rows written after it have been
 * edited since.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { all, any, column, list, type Query, serverText } from '../../database/names.ts'
import { unpackKey } from '../../keys/key.ts'
import { readShown } from '../../rows/by-key.ts'
import type { ChildEnd, Referring } from '../../rows/references.ts'
import { isAged, type Sides } from '../../rows/sides.ts'
import { holds } from '../../sql/references.ts'
import { fromTable, inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'

/** A live row whose reference is set in the backup and empty in live. Keys are packed. */
export interface Survivor {
  readonly relation: Relation
  readonly key: string
  readonly parent: string
  /** The columns of the reference that are empty in live. */
  readonly emptied: readonly string[]
  /** Its reference stands at the column's default: SET DEFAULT, or somebody's choice. */
  readonly isDefault: boolean
  /** Transactions since the row was last written; larger is older. Null where the server does not say. */
  readonly age: number | null
}

/** Survivors that may be other records by now. */
export interface Strangers {
  /** They are left alone. */
  readonly sure: ReadonlySet<Survivor>
  /** They say nothing about which transaction emptied the others' references. */
  readonly possible: ReadonlySet<Survivor>
}

export const noStrangers: Strangers = { sure: new Set(), possible: new Set() }

/** What becomes of a survivor. Only the first two are written. */
export type Relinking =
  | 'relink'
  | 'edited since'
  | 'empty before'
  | 'written since'
  | 'at its default'
  | 'another record'

/** Of the children given (`key` child, `other` parent), those that survived with an emptied reference. */
export const readSurvivors = async (
  sides: Sides,
  { relation, child }: ChildEnd,
  children: readonly Referring[],
): Promise<readonly Survivor[]> => {
  const isDefaulted = relation.onDelete === 'set default'
  if (relation.onDelete === 'cascade' || (!relation.isNullable && !isDefaulted)) return []
  const emptying = emptyingOf({ relation, child })
  const survivors: Survivor[] = []
  for (const batch of inBatches(children)) {
    const keys = batch.map(({ key }) => key)
    const inBackup = await readShown(sides.backup, child, { keys, columns: relation.columns })
    const rows = batch.flatMap(({ key, other }) => {
      const reference = inBackup.get(key)
      return reference === undefined ? [] : [{ key, other, values: [...unpackKey(key), ...reference] }]
    })
    const found = await sides.live.rows(sql`
      select ${ordinal('k')}::text, ${await ageOf(sides, child)}, ${list(emptying.flags.map((isEmpty) => sql`(${isEmpty})::text`))}
      from ${emptying.source(rows.map(({ values }) => values))}
      join ${fromTable(child.live)} as t
        on ${all(child.identity.map((name, position) => sql`${column('t', name)} = ${column('k', `i${position}`)}`))}
      where ${emptying.isEmptied} and ${any(emptying.flags)}`)
    for (const [ord, age, ...emptied] of found) {
      const row = rows[Number(ord) - 1]
      if (row === undefined) continue
      survivors.push({
        relation,
        key: row.key,
        parent: row.other,
        emptied: emptying.changing.filter((_, position) => emptied[position] === 'true'),
        isDefault: isDefaulted && emptying.changing.some((name) => columnOf(child.live, name)?.default),
        age: age === null || age === undefined ? null : Number(age),
      })
    }
  }
  return survivors
}

/** In SQL: what it is for a reference to have been emptied. Live's row is `t`, the backup's key and reference `k`. */
interface Emptying {
  /** The columns that a deletion of the parent empties. */
  readonly changing: readonly string[]
  /** For each of them, that it is empty. */
  readonly flags: readonly Query[]
  /** Columns that are not empty are as they were, one at least is not, and the row as it will be refers. */
  readonly isEmptied: Query
  /** Rows of keys, then references. */
  readonly source: (rows: readonly (readonly (string | null)[])[]) => Query
}

const emptyingOf = ({ relation, child }: ChildEnd): Emptying => {
  const isDefaulted = relation.onDelete === 'set default'
  const changing = relation.setColumns.filter((name) => isDefaulted || columnOf(child.live, name)?.notNull === false)
  const isEmpty = (name: string): Query => {
    const text = isDefaulted ? columnOf(child.live, name)?.default : null
    return text ? sql`${column('t', name)} = (${serverText(text)})` : sql`${column('t', name)} is null`
  }
  const before = relation.columns.map((name, position) => [name, column('k', `r${position}`)] as const)
  const kept = before.map(([name, value]) => {
    const same = sql`${column('t', name)} = ${value}`
    return changing.includes(name) ? sql`(${isEmpty(name)} or ${same})` : same
  })
  const differs = before.flatMap(([name, value]) =>
    changing.includes(name) ? [sql`${column('t', name)} is distinct from ${value}`] : [],
  )
  // A condition must hold of the row as it will be.
  const isMeant =
    relation.condition?.by === 'sql'
      ? [holds(relation.condition.sql, { table: child.live, alias: 't' }, new Map(before))]
      : []
  const names = [...child.identity.map((_, position) => `i${position}`), ...relation.columns.map((_, p) => `r${p}`)]
  const types = [...child.identity, ...relation.columns].map((name) => typeOf(child.live, name))
  return {
    changing,
    flags: changing.map(isEmpty),
    isEmptied: sql`${all([...kept, ...isMeant])} and ${any(differs)}`,
    source: (rows) => valueSource(types, rows, { names }),
  }
}

const ageOf = async (sides: Sides, child: SharedTable): Promise<Query> =>
  (await isAged(sides, child)) ? sql`pg_catalog.age(t.xmin)::text` : sql`null::text`

/**
 * What becomes of each survivor. Per deleted parent, over all its relations: the transaction that emptied most is the deletion
 * (of equals the newest, so that nothing is re-linked on weak evidence). One transaction only, or none known: all are re-linked. Those that
 * may be other records prove nothing.
 */
export const judgeSurvivors = (
  survivors: readonly Survivor[],
  strangers: Strangers,
  relink: 'evidence' | 'all',
): Map<Survivor, Relinking> => {
  const judged = new Map<Survivor, Relinking>()
  const isAnother = (survivor: Survivor): boolean => relink === 'evidence' && strangers.sure.has(survivor)
  for (const stranger of survivors.filter(isAnother)) judged.set(stranger, 'another record')
  const known = survivors.filter((survivor) => !isAnother(survivor))
  const byParent = Map.groupBy(known, ({ relation, parent }) => `${relation.parent}\0${parent}`)
  for (const group of byParent.values()) {
    const emptied = group.filter(({ isDefault }) => !isDefault)
    const sure = emptied.filter((survivor) => !strangers.possible.has(survivor))
    const counts = Map.groupBy(sure, ({ age }) => age)
    const [deletion] = [...counts].sort(([ageA, a], [ageB, b]) => b.length - a.length || (ageA ?? 0) - (ageB ?? 0))
    const when = deletion?.[0] ?? null
    for (const survivor of group) {
      if (survivor.isDefault) judged.set(survivor, relink === 'all' ? 'relink' : 'at its default')
      else if (relink === 'all' || survivor.age === null || when === null || survivor.age === when) {
        judged.set(survivor, 'relink')
      } else if (survivor.age > when) judged.set(survivor, 'empty before')
      else judged.set(survivor, survivor.relation.onDelete === 'set null' ? 'edited since' : 'written since')
    }
  }
  return judged
}
