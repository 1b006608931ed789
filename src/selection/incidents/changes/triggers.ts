/** The columns that triggers of live's write whenever a row is updated: no UPDATE is to be thanked for those. */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Sides } from '../../../rows/sides.ts'
import { oidOf } from '../../../sql/tree.ts'

const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `new.updated_at := now()` in the body of a trigger's function, or the column's name among what it is called with. */
const writes = (name: string, [body = null, definition = null]: readonly (string | null)[]): boolean => {
  const assigned = new RegExp(String.raw`\bnew\s*\.\s*("${escaped(name)}"|${escaped(name)}\b)\s*:?=(?!=)`, 'i')
  const given = new RegExp(String.raw`\([^()]*'${escaped(name)}'[^()]*\)\s*$`)
  return assigned.test(body ?? '') || given.test(definition ?? '')
}

/** Those among the columns; what a function computes elsewhere is not seen. */
export const readWrittenByTriggers = async (
  { live }: Sides,
  table: SharedTable,
  columns: readonly string[],
): Promise<readonly string[]> => {
  // tgtype & 2: before, & 16: on update; D: disabled
  const found = await live.rows(sql`
    select p.prosrc::text, pg_catalog.pg_get_triggerdef(t.oid)
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = ${oidOf(table)} and not t.tgisinternal and t.tgenabled <> 'D'
      and t.tgtype & 2 <> 0 and t.tgtype & 16 <> 0`)
  return columns.filter((column) => found.some((row) => writes(column, row)))
}
