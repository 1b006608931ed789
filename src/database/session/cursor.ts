/** Rows of a query in batches, by a cursor of the server: not a portal of the protocol, so that other statements may run in between. */
import { sql } from 'kysely'
import type { Query } from '../names.ts'
import type { Outcome, Row } from './outcome.ts'

/** What a cursor needs of a session. */
interface Executing {
  readonly ended: boolean
  execute(query: Query): Promise<Outcome>
}

/** Yields up to `size` rows at a time; memory is one batch. The cursor is closed, unless its transaction has failed. */
export async function* fetchBatches(
  session: Executing,
  query: Query,
  { size, name }: { readonly size: number; readonly name: string },
): AsyncGenerator<readonly Row[]> {
  const cursor = sql.id(name)
  await session.execute(sql`declare ${cursor} no scroll cursor for ${query}`)
  let isOpen = true
  try {
    for (;;) {
      const { rows } = await session.execute(sql`fetch forward ${sql.lit(size)} from ${cursor}`)
      if (rows.length > 0) yield rows
      if (rows.length < size) return
    }
  } catch (error) {
    isOpen = false
    throw error
  } finally {
    if (isOpen && !session.ended) await session.execute(sql`close ${cursor}`)
  }
}
