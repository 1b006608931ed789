/**
 * Rows that were written after the backup was taken: what live has more, or with other values. They tell from which transaction on rows
 * are new; a row that is as it was and was written from there on is one that was made again.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { list, type Query } from '../../../database/names.ts'
import type { Reader } from '../../../database/session/reader.ts'
import type { RowDiff } from '../../../diff/diff.ts'
import { packKey } from '../../../keys/key.ts'
import { findKeys } from '../../../rows/by-key.ts'
import { isAged, type Sides } from '../../../rows/sides.ts'
import { asText, fromTable, keyedRows } from '../../../sql/rows.ts'

/** Rows per table that are asked when they were written, and rows that may have been made again: more of them are no evidence. */
const mostAsked = 200
const mostAgain = 20_000

/** Tables of more rows than this together are not compared by age alone. */
const mostCompared = 2_000_000

/** What is known of one table. */
interface Written {
  /** Rows that live has with other values, packed. */
  readonly changed: Set<string>
  /** Rows of live, packed, that are changed or not in the backup: some of them. */
  readonly asked: string[]
}

/** Notes rows while sides are compared. */
export class RowsWrittenSince {
  readonly #tables = new Map<SharedTable, Written>()
  #age: Promise<number | null> | null = null

  note(table: SharedTable, { key, state }: Pick<RowDiff, 'key' | 'state'>): void {
    const own = this.#tables.get(table) ?? { changed: new Set(), asked: [] }
    this.#tables.set(table, own)
    if (own.asked.length < mostAsked) own.asked.push(key)
    if (state === 'changed' && own.changed.size <= mostAgain) own.changed.add(key)
  }

  /** Rows that live has with other values, packed; none where there are too many to tell anything. */
  changedIn(table: SharedTable): ReadonlySet<string> {
    const { changed } = this.#tables.get(table) ?? {}
    return changed === undefined || changed.size > mostAgain ? new Set() : changed
  }

  /** Rows that live has as they were, and that were made again, packed. */
  async findAgain(sides: Sides, table: SharedTable): Promise<ReadonlySet<string>> {
    if (!(await isAged(sides, table))) return new Set()
    if (this.#tables.size === 0) return findNewest(sides, table)
    this.#age ??= this.#readAge(sides)
    const age = await this.#age
    const written = age === null ? null : await readYounger(sides.live, table, age + 1)
    const changed = this.changedIn(table)
    return new Set(written?.filter((key) => !changed.has(key)))
  }

  /** Transactions since the oldest of the rows noted was written; null where none tells. */
  async #readAge(sides: Sides): Promise<number | null> {
    let oldest: number | null = null
    for (const [table, { asked }] of this.#tables) {
      if (!(await isAged(sides, table))) continue
      const [row] = await sides.live.rows(sql`
        select pg_catalog.max(${ageOfRow})::text
        from ${keyedRows(table.live, table.identity, asked)}
        where ${ageOfRow} between 0 and ${sql.lit(frozen - 1)}`)
      const own = row?.[0] ?? null
      if (own !== null && Number(own) > (oldest ?? -1)) oldest = Number(own)
    }
    return oldest
  }
}

const ageOfRow = sql`pg_catalog.age(t.xmin)`

/** The age of a row that was rewritten by VACUUM: nobody knows any more (https://www.postgresql.org/docs/current/routine-vacuuming.html). */
const frozen = 2_147_483_647

/** Rows of one side that are younger than so many transactions, packed; null for too many. */
const readYounger = async (reader: Reader, table: SharedTable, age: number): Promise<readonly string[] | null> => {
  const rows = await reader.rows(sql`
    select ${asText('t', table.identity)}
    from ${fromTable(table[reader.side])} as t
    where ${ageOfRow} >= 0 and ${ageOfRow} < ${sql.lit(age)}
    limit ${sql.lit(mostAgain + 1)}`)
  return rows.length > mostAgain ? null : rows.map(packKey)
}

/**
 * Where nothing but rows of one table was written since: those that are younger in live than every row of the other tables, and are not
 * in the backup.
 */
const findNewest = async (sides: Sides, table: SharedTable): Promise<ReadonlySet<string>> => {
  const others = [...sides.catalog.tables.values()].filter(
    ({ id, live, backup, hidden }) => id !== table.id && hidden === null && live.canSelect && backup.canSelect,
  )
  const rows = [table, ...others].reduce((sum, { live }) => sum + Math.max(0, live.estimatedRows), 0)
  if (rows > mostCompared || others.length === 0) return new Set()
  const ages = (side: 'live' | 'backup'): Query =>
    list(
      others.map((other) => sql`select pg_catalog.min(${ageOfRow}) as age from ${fromTable(other[side])} as t`),
      ' union all ',
    )
  const youngest = async (reader: Reader): Promise<ReadonlySet<string> | null> => {
    const [row] = await reader.rows(sql`select pg_catalog.min(a.age)::text from (${ages(reader.side)}) as a`)
    const age = row?.[0] ?? null
    const found = age === null ? null : await readYounger(reader, table, Number(age))
    return found === null ? null : new Set(found)
  }
  const inLive = await youngest(sides.live)
  if (inLive === null || inLive.size === 0) return new Set()
  const inBackup = await youngest(sides.backup)
  if (inBackup === null) return new Set()
  return findKeys(sides.backup, table, { keys: [...inLive].filter((key) => !inBackup.has(key)) })
}
