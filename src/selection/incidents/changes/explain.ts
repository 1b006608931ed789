/**
 * What an UPDATE did, as far as both sides tell: the condition it had, every row of the table that it explains, and those that somebody
 * edited since. Rows that live holds as the backup does, where the UPDATE would have made something else of them, stayed.
 */
import { sql } from 'kysely'
import { packKey } from '../../../keys/key.ts'
import { readByKey } from '../../../rows/by-key.ts'
import { asText, fromTable } from '../../../sql/rows.ts'
import type { ChangedRows } from './changed-rows.ts'
import { findHolding, isNeutral } from './fingerprints.ts'
import { type Separating, separate } from './separate.ts'
import type { Update, UpdateSearch } from './updates.ts'

/** Rows of the backup for which the condition holds. */
export interface UpdateCounts {
  /** But those that live does not have as themselves. */
  readonly of: number
  /** Live holds what the UPDATE would have made of them. */
  readonly hits: number
  /** Live holds another value than either. */
  readonly edited: number
  /** They stayed as they were, though the UPDATE would have changed them. */
  readonly stayed: number
}

export interface Explained {
  readonly update: Update
  /** Null: none was found. */
  readonly condition: (Separating & { readonly isExact: boolean; readonly isOnly: boolean }) | null
  readonly counts: UpdateCounts | null
  /** Rows in which at least one column holds what the UPDATE put there. */
  readonly rows: readonly number[]
  /** Of the rows that the condition holds for, those in which a column that it set holds another value by now. */
  readonly edited: readonly number[]
}

/** From so many rows on they are an event whatever they have in common. */
const manyRows = 10

/** Keys of rows that the UPDATE would not have changed, as many as are worth it. */
const mostNeutral = 100_000

/** The rows in which a column that the UPDATE set differs. */
interface Touched {
  readonly rows: readonly number[]
  /** By row of the table: a bit per assignment that holds. */
  readonly masks: Int32Array
}

const everything: Separating = { sql: 'true', where: sql`true`, parent: null }

const readTouched = async ({ sides, changed }: UpdateSearch, { assignments, rows }: Update): Promise<Touched> => {
  const names = assignments.map(({ column }) => column)
  const own = changed.flag(rows)
  const others: number[] = []
  for (let row = 0; row < changed.size; row++) {
    if (own[row] === 0 && changed.columnsOf(row).some((name) => names.includes(name))) others.push(row)
  }
  const keys = others.map((row) => changed.keyOf(row))
  const found = await findHolding(sides, changed.table, { keys, assignments })
  const every = 2 ** assignments.length - 1
  const masks = new Int32Array(changed.size)
  for (const [place, row] of others.entries()) masks[row] = found[place] ?? 0
  for (const row of rows) masks[row] = every
  return { rows: [...rows, ...others], masks }
}

/** True for a row in which a column differs that holds what the UPDATE put there. */
const holdsAny = (
  changed: ChangedRows,
  { assignments }: Update,
  { row, mask }: { readonly row: number; readonly mask: number },
): boolean => {
  const differing = changed.columnsOf(row)
  return assignments.some(({ column }, bit) => (mask & (1 << bit)) !== 0 && differing.includes(column))
}

/** By place: 0 where the condition does not hold for the backup's row, 2 where the UPDATE would have changed nothing in it, else 1. */
const readFlags = async (
  { sides, changed }: UpdateSearch,
  { assignments }: Update,
  { keys, condition }: { readonly keys: readonly string[]; readonly condition: Separating },
): Promise<Uint8Array> => {
  const flags = new Uint8Array(keys.length)
  const show = [sql`(${isNeutral(assignments)})`]
  for await (const rows of readByKey(sides.backup, changed.table, { keys, show, where: sql`(${condition.where})` }))
    for (const { place, values } of rows) flags[place] = values[0] === 'true' ? 2 : 1
  return flags
}

interface Judged {
  readonly counts: UpdateCounts
  /** Rows that the condition holds for. */
  readonly rows: readonly number[]
  readonly edited: readonly number[]
  readonly neutral: number
}

/** Holds a condition against all rows of both sides. */
const judge = async (
  search: UpdateSearch,
  update: Update,
  { touched, condition }: { readonly touched: Touched; readonly condition: Separating },
): Promise<Judged> => {
  const { sides, changed } = search
  const every = 2 ** update.assignments.length - 1
  const [row] = await sides.backup.rows(sql`
    select pg_catalog.count(*)::text, (pg_catalog.count(*) filter (where ${isNeutral(update.assignments)}))::text
    from ${fromTable(changed.table.backup)} as t
    where (${condition.where})`)
  // Everything holds for every row: then only those are asked that may not have been changed.
  const asked = condition === everything ? touched.rows.filter((own) => touched.masks[own] !== every) : touched.rows
  const flags = await readFlags(search, update, { keys: asked.map((own) => changed.keyOf(own)), condition })
  const lost = await readFlags(search, update, { keys: changed.lost, condition })
  const rows = condition === everything ? touched.rows : asked.filter((_, place) => flags[place] !== 0)
  const edited = rows.filter((own) => touched.masks[own] !== every)
  const count = (some: Uint8Array, isMeant: (flag: number) => boolean): number =>
    some.reduce((sum, flag) => (isMeant(flag) ? sum + 1 : sum), 0)
  const neutral = [flags, lost].reduce((sum, some) => sum - count(some, (flag) => flag === 2), Number(row?.[1]))
  const of = Number(row?.[0]) - count(lost, (flag) => flag !== 0)
  const hits = rows.length - edited.length + neutral
  return { counts: { of, hits, edited: edited.length, stayed: of - hits - edited.length }, rows, edited, neutral }
}

const readNeutral = async ({ sides, changed }: UpdateSearch, { assignments }: Update): Promise<readonly string[]> => {
  const { table } = changed
  const rows = await sides.backup.rows(sql`
    select ${asText('t', table.identity)}
    from ${fromTable(table.backup)} as t
    where ${isNeutral(assignments)}
    limit ${sql.lit(mostNeutral + 1)}`)
  return rows.length > mostNeutral ? [] : rows.map((key) => packKey(key))
}

/** Where there are hardly more rows, the others were most likely written again since. */
const fewMore = 1.25

/** A search over more rows is not tried again with others. */
const mostTwice = 100_000

/**
 * The condition that all rows have in common which hold what the UPDATE would have made of them, whoever wrote them last; or that those
 * have which speak for it, of which many others may be right by chance.
 */
const findCondition = async (search: UpdateSearch, update: Update, touched: Touched): Promise<Separating | null> => {
  const { sides, changed } = search
  const every = 2 ** update.assignments.length - 1
  const unknown = [...changed.lost, ...(await readNeutral(search, update))]
  const find = (rows: readonly number[]): Promise<Separating | null> => {
    const own = changed.flag(rows)
    const aside = touched.rows.filter((row) => own[row] === 0).map((row) => changed.keyOf(row))
    return separate(sides, changed.table, {
      rows: rows.map((row) => changed.keyOf(row)),
      others: [...new Set([...aside, ...unknown])],
    })
  }
  const whole = touched.rows.filter((row) => touched.masks[row] === every)
  const isFew = whole.length <= update.rows.length * fewMore
  const [first, second] = isFew ? [whole, update.rows] : [update.rows, whole]
  const found = await find(first)
  if (found !== null || whole.length === update.rows.length || whole.length > mostTwice) return found
  return find(second)
}

const toExplained = (
  search: UpdateSearch,
  update: Update,
  {
    touched,
    condition,
    judged,
  }: { readonly touched: Touched; readonly condition: Separating; readonly judged: Judged },
): Explained => {
  const isExact = judged.counts.stayed === 0
  const isDamaged = (row: number): boolean => holdsAny(search.changed, update, { row, mask: touched.masks[row] ?? 0 })
  return {
    update,
    condition: { ...condition, isExact, isOnly: judged.rows.length === touched.rows.length },
    counts: judged.counts,
    rows: isExact ? judged.rows.filter(isDamaged) : update.rows,
    edited: isExact ? judged.edited : [],
  }
}

/** Null where there is too little evidence for an event. */
export const explainUpdate = async (search: UpdateSearch, update: Update): Promise<Explained | null> => {
  const touched = await readTouched(search, update)
  const all = await judge(search, update, { touched, condition: everything })
  const isAll = all.counts.stayed === 0
  // Where most rows had the value before, what was changed is said rather than everything.
  if (isAll && all.neutral * 2 <= all.counts.of)
    return toExplained(search, update, { touched, condition: everything, judged: all })
  const found = await findCondition(search, update, touched)
  if (found !== null && found.sql !== 'true') {
    const judged = await judge(search, update, { touched, condition: found })
    const explained = toExplained(search, update, { touched, condition: found, judged })
    if (explained.condition?.isExact === true || update.rows.length >= manyRows) return explained
  }
  if (isAll) return toExplained(search, update, { touched, condition: everything, judged: all })
  if (update.rows.length < manyRows) return null
  return { update, condition: null, counts: null, rows: update.rows, edited: [] }
}

export const isEveryRow = (condition: Separating): boolean => condition.sql === everything.sql
