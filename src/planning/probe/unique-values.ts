/**
 * Rows of live in the way of rows to be written, and rows to be written in the way of each other: unique indexes (partial, expression, NULLS NOT DISTINCT) and exclusion constraints,
 * asked of the server with the index's own expression, predicate, collation and operator. JavaScript never judges equality.
 */
import { sql } from 'kysely'
import type { Uniqueness } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, identifier, list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { packKey } from '../../keys/key.ts'
import type { Sides } from '../../rows/sides.ts'
import { readBackupValues } from '../../rows/values.ts'
import { inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'
import { canProbe, firstEquals, joinConflicts, type UniqueOf } from '../../sql/uniques.ts'
import { fresh, type MappedRows } from './mapping.ts'

/** A row to be written: its packed backup key and the values that the constraint reads, in the order of its columns. */
export interface ProbedRow {
  readonly key: string
  readonly values: readonly (string | null)[]
}

/** What rows write into the columns of a constraint, references mapped. A row that gets a key of its own there collides with nothing. */
export const readWrittenValues = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
  unique: Uniqueness,
): Promise<readonly ProbedRow[]> => {
  const values = await readBackupValues(sides, table, { keys, columns: unique.columns })
  return [...values].flatMap(([key, row]) => {
    const own = rewritten.get(key)
    const mapped = row.map((value, p) => {
      const name = unique.columns[p] ?? ''
      return own?.has(name) ? (own.get(name) ?? null) : value
    })
    const known = mapped.filter((value) => value !== fresh)
    return known.length < mapped.length ? [] : [{ key, values: known }]
  })
}

/** Per row the packed keys of live rows that conflict with it. Rows without conflict are absent. */
export const probeUnique = async (
  live: Reader,
  { table, unique }: UniqueOf,
  rows: readonly ProbedRow[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, string[]>()
  const identity = table.identity.map((name, p) => sql`${identifier(name)}::text as ${identifier(`k${p}`)}`)
  for (const batch of inBatches(rows)) {
    const source = valueSource(
      unique.columns.map((name) => typeOf(table.live, name)),
      batch.map(({ values }) => values),
      { alias: 'x', names: unique.columns },
    )
    const wanted = { mine: [sql`${ordinal('x')} as ord`], theirs: identity }
    const conflicts = await live.rows(sql`
      select s.ord::text, ${list(table.identity.map((_, p) => column('t', `k${p}`)))}
      from ${joinConflicts({ table, unique }, source, wanted)}
      order by s.ord`)
    for (const [ord, ...key] of conflicts) {
      const row = batch[Number(ord) - 1]
      if (row === undefined) continue
      found.set(row.key, [...(found.get(row.key) ?? []), packKey(key)])
    }
  }
  return found
}

/** A row to be written, and another one before it that wants the same place. */
export interface WantedTwice {
  readonly unique: Uniqueness
  readonly values: readonly (string | null)[]
  /** Packed key of the other row. */
  readonly other: string
}

/** The backup holds the same rows to be different. */
const isHeldByBackup = ({ backup }: SharedTable, { elements, predicate, nullsNotDistinct }: Uniqueness): boolean => {
  const said = JSON.stringify([elements, predicate, nullsNotDistinct])
  return backup.uniques.some(
    (other) => other.isValid && JSON.stringify([other.elements, other.predicate, other.nullsNotDistinct]) === said,
  )
}

/** Rows that no longer are what the backup holds to be different: the user gives values, or references follow their parents. */
const isRewritten = ({ table, rewritten }: MappedRows, { columns }: Uniqueness): boolean => {
  const { source } = table.backup
  const isGiven = (name: string): boolean => {
    const own = source?.columns[name]
    return own?.value !== undefined || own?.labels !== undefined
  }
  const follows = (own: ReadonlyMap<string, unknown>): boolean => columns.some((name) => own.has(name))
  return source?.isTransformed === true || columns.some(isGiven) || [...rewritten.values()].some(follows)
}

/** Places that rows of one table want, as they are probed batch by batch. */
export class WantedPlaces {
  readonly #first = new Map<string, Map<string, string>>()

  /** Forgets a table: it is probed from its first row. */
  forget({ live }: SharedTable): void {
    for (const { name } of live.uniques) this.#first.delete(`${live.id}\0${name}`)
  }

  /** Of the rows given, those that want a place which a row before them wants, by packed key. */
  async add(sides: Sides, rows: MappedRows): Promise<ReadonlyMap<string, WantedTwice>> {
    const { table } = rows
    const found = new Map<string, WantedTwice>()
    for (const unique of table.live.uniques) {
      const isHeld = isHeldByBackup(table, unique) && !isRewritten(rows, unique)
      if (unique.kind === 'exclusion' || isHeld || !canProbe({ table, unique })) continue
      const written = await readWrittenValues(sides, rows, unique)
      for (const [key, wanted] of await this.#compare(sides, { table, unique }, written)) found.set(key, wanted)
    }
    return found
  }

  async #compare(
    sides: Sides,
    { table, unique }: UniqueOf,
    written: readonly ProbedRow[],
  ): Promise<ReadonlyMap<string, WantedTwice>> {
    const id = `${table.id}\0${unique.name}`
    const first = this.#first.get(id) ?? new Map<string, string>()
    this.#first.set(id, first)
    const found = new Map<string, WantedTwice>()
    for (const batch of inBatches(written)) {
      const source = valueSource(
        unique.columns.map((name) => typeOf(table.live, name)),
        batch.map(({ values }) => values),
        { alias: 'x', names: unique.columns },
      )
      const numbered = sql`(select ${ordinal('x')} as ord, ${list(unique.columns.map((name) => column('x', name)))} from ${source}) as y`
      for (const [ord, equal, ...place] of await sides.live.rows(firstEquals(unique, numbered, 'ord'))) {
        const [row, other] = [batch[Number(ord) - 1], batch[Number(equal) - 1]]
        if (row === undefined || other === undefined) continue
        // Batches before are known by what the server wrote of their places.
        const before = first.get(packKey(place)) ?? other.key
        if (before === row.key) first.set(packKey(place), row.key)
        else found.set(row.key, { unique, values: row.values, other: before })
      }
    }
    return found
  }
}
