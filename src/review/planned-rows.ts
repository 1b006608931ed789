/** The rows that a plan writes with the values it writes, read from the backup batch by batch. */
import { sql } from 'kysely'
import type { Catalog } from '../catalog/catalog.ts'
import { shareCatalogs } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import { RowgraftError } from '../errors.ts'
import { unpackKey } from '../keys/key.ts'
import { keysOf } from '../keys/key-columns.ts'
import type { Plan } from '../plan/plan.ts'
import type { Step } from '../plan/step.ts'
import { asText, inBatches, keyedRows, ordinal } from '../sql/rows.ts'

/** A row of a plan. A reference to a row that gets a new key still has the backup's. */
export interface PlannedRow {
  readonly action: Step['action']
  readonly because: Step['because']
  readonly table: string
  readonly key: Readonly<Record<string, string>>
  /** It gets a new key. */
  readonly isNew: boolean
  readonly values: Readonly<Record<string, string | null>>
}

/** Rows per read: values may be long. */
const batch = 500

/** Rows in the order of the steps. Throws `plan-stale` where the backup lacks one. */
export async function* readPlannedRows(
  backup: Reader,
  catalogs: { readonly live: Catalog; readonly backup: Catalog },
  plan: Plan,
): AsyncGenerator<PlannedRow> {
  const { tables } = shareCatalogs(catalogs.live, catalogs.backup, plan.declared)
  for (const step of plan.steps) {
    const table = tables.get(step.table)
    if (table === undefined) {
      throw new RowgraftError('plan-stale', `table "${step.table}" of the plan is not there any more`, {
        hint: 'Make the plan again.',
      })
    }
    const names = step.columns
    const anew = step.allocate === 'all' ? null : new Set(step.allocate ?? [])
    let offset = 0
    for (const keys of inBatches(keysOf(step.keys), batch)) {
      const rows = await backup.rows(sql`
        select ${asText('t', names)}
        from ${keyedRows(table.backup, table.identity, keys)}
        order by ${ordinal('k')}`)
      if (rows.length !== keys.length) {
        throw new RowgraftError('plan-stale', `the backup has ${rows.length} of ${keys.length} rows of "${table.id}"`, {
          hint: 'Make the plan again.',
        })
      }
      for (const [index, row] of rows.entries()) {
        const key = unpackKey(keys[index] ?? '')
        yield {
          action: step.action,
          because: step.because,
          table: table.id,
          key: Object.fromEntries(table.identity.map((name, position) => [name, key[position] ?? ''])),
          isNew: anew === null || anew.has(offset + index),
          values: Object.fromEntries(names.map((name, position) => [name, row[position] ?? null])),
        }
      }
      offset += keys.length
    }
  }
}
