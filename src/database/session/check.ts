/** A statement of which one outcome alone is right, and what is said of any other. A transaction checks it at once, a script when it is run. */
import { sql } from 'kysely'
import { type ErrorCode, RowgraftError } from '../../errors.ts'
import type { Query } from '../names.ts'
import type { Outcome } from './outcome.ts'

/** Rows a statement writes; the texts of the only row it returns; or no row, of so many columns of text. */
export type Expected = { readonly written: number } | { readonly row: readonly string[] } | { readonly none: number }

/** What came instead: how many rows, and the first of them. */
export interface Found {
  readonly count: string
  readonly row: readonly string[]
}

export interface Check {
  readonly query: Query
  /** The statement is left alone, and right, where this returns no row. */
  readonly onlyWhere?: Query
  readonly expect: Expected
  readonly code: ErrorCode
  readonly message: (found: Found) => string
  readonly detail?: string
  /** How a row that should not be there is called. The first ten are listed. */
  readonly nameRow?: (row: readonly string[]) => string
  readonly hint?: string
  /** Instead of a hint, as in an error. */
  readonly advice?: string
  /** A closer look, where there is a transaction to look in. */
  readonly explain?: (found: Found) => Promise<RowgraftError>
}

/** Rows that should not be there: how many there are, and the first ten. */
export const countFound = (query: Query): Query => sql`
  select (pg_catalog.count(*) over ())::text, q.* from (${query}) as q limit 10`

const differs = ({ query: _, expect }: Check, { count, rows }: Outcome): Found | null => {
  const [row = []] = rows
  const texts = row.map((value) => value ?? '')
  if ('written' in expect) return count === expect.written ? null : { count: String(count), row: [] }
  if ('row' in expect) {
    const isRight = expect.row.every((text, position) => text === row[position])
    return isRight ? null : { count: texts[0] ?? '', row: texts }
  }
  return rows.length === 0 ? null : { count: texts[0] ?? '', row: texts.slice(1) }
}

/** Runs a statement, and throws what the check says unless it comes to what is expected. */
export const runCheck = async (execute: (query: Query) => Promise<Outcome>, check: Check): Promise<void> => {
  if (check.onlyWhere !== undefined && (await execute(check.onlyWhere)).rows.length === 0) return
  const outcome = await execute('none' in check.expect ? countFound(check.query) : check.query)
  const found = differs(check, outcome)
  if (found === null) return
  if (check.explain !== undefined) throw await check.explain(found)
  const named = outcome.rows.map((row) => check.nameRow?.(row.slice(1).map((value) => value ?? '')) ?? '')
  const detail = check.nameRow === undefined ? [] : named
  throw new RowgraftError(check.code, check.message(found), {
    detail: [...(check.detail === undefined ? [] : [check.detail]), ...detail].join('\n') || undefined,
    hint: check.hint,
    advice: check.advice,
  })
}
