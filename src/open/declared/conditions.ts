/** SQL conditions of the config file, tried before anything relies on them. */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { holds } from '../../sql/references.ts'
import { fromTable } from '../../sql/rows.ts'

/** A condition, and the key of the config that gives it. */
export interface GivenCondition {
  readonly condition: string
  readonly key: string
}

/** Throws `bad-where` unless one side can evaluate a condition on rows of a table. */
export const tryCondition = async (
  reader: Reader,
  table: SharedTable,
  { condition, key }: GivenCondition,
): Promise<void> => {
  const side = table[reader.side]
  await reader
    .rows(sql`select 1 from ${fromTable(side)} as t where ${holds(condition, { table: side, alias: 't' })} limit 0`)
    .catch((error: unknown) => {
      const isOurs = error instanceof RowgraftError && error.sqlstate !== undefined && !/^(08|57)/.test(error.sqlstate)
      if (!isOurs) throw error
      const name = reader.side === 'live' ? 'live' : 'the backup'
      throw new RowgraftError('bad-where', `${name} cannot evaluate "${key}" in the config file: ${error.message}`, {
        detail: `where ${condition}`,
        hint: `It is an SQL condition on the columns of "${table.id}". Name functions and tables with their schema.`,
        sqlstate: error.sqlstate,
      })
    })
}
