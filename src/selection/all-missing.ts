/** Everything that is missing: of one table, or of all that are to be restored; and what stays out of "all". */
import { sql } from 'kysely'
import { isBookkeeping } from '../catalog/conventions/bookkeeping.ts'
import { isReadable } from '../catalog/drift.ts'
import type { TableRefusal } from '../catalog/refusal/refusal.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { type DiffProgress, diffRows } from '../diff/diff.ts'
import type { Sides } from '../rows/sides.ts'
import { fromTable } from '../sql/rows.ts'

/** A table that "all missing rows" leaves out: because it cannot be restored, or, without a refusal, as bookkeeping. */
export interface Untouched {
  readonly table: string
  /** Its missing rows; null where the table cannot be restored, and they are not known. */
  readonly rows: number | null
  readonly refusal: TableRefusal | null
  /** The backup has none of its rows, whatever it lost: asked for, and not to be had. */
  readonly isAbsent?: true
}

/** The tables of which everything missing is wanted where none is named. */
export const wantedTables = ({ tables }: SharedCatalog): readonly SharedTable[] =>
  [...tables.values()].filter((table) => table.refusal === null && !isBookkeeping(table))

/** Packed keys of a table's missing rows, batch by batch. */
export async function* readMissingKeys(sides: Sides, table: SharedTable): AsyncGenerator<readonly string[]> {
  const onProgress: DiffProgress = (step) => sides.onStage({ ...step, stage: 'missing' })
  const wanted = { states: ['missing'], onProgress } as const
  for await (const missing of diffRows(sides, table, wanted)) yield missing.map(({ key }) => key)
}

const countMissing = async (sides: Sides, table: SharedTable): Promise<number> => {
  let rows = 0
  for await (const keys of readMissingKeys(sides, table)) rows += keys.length
  return rows
}

/** False for a table of which it is known that the backup has nothing. */
export const mayHoldRows = async (sides: Sides, { backup }: SharedTable): Promise<boolean> =>
  !isReadable(backup) || (await sides.backup.rows(sql`select 1 from ${fromTable(backup)} as t limit 1`)).length > 0

/** What `wantedTables` are not, as far as something of it may be missing. */
export const readUntouched = async (sides: Sides): Promise<readonly Untouched[]> => {
  const found: Untouched[] = []
  for (const table of sides.catalog.tables.values()) {
    const { id, refusal } = table
    if (refusal !== null) {
      const absent = table.backup.withoutRows === true ? { isAbsent: true as const } : {}
      if (await mayHoldRows(sides, table)) found.push({ table: id, rows: null, refusal, ...absent })
    } else if (isBookkeeping(table)) {
      const rows = await countMissing(sides, table)
      if (rows > 0) found.push({ table: id, rows, refusal })
    }
  }
  return found
}
