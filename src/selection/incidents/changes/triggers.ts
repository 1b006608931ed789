/** The columns that triggers of live's write whenever a row is updated: no UPDATE is to be thanked for those. */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Sides } from '../../../rows/sides.ts'

const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `new.updated_at := now()` in the body of a trigger's function, or the column's name among what it is called with. */
const writes = (name: string, [body = null, definition = null]: readonly (string | null)[]): boolean => {
  const assigned = new RegExp(String.raw`\bnew\s*\.\s*("${escaped(name)}"|${escaped(name)}\b)\s*:?=(?!=)`, 'i')
  const given = new RegExp(String.raw`\([^()]*'${escaped(name)}'[^()]*\)\s*$`)
  return assigned.test(body ?? '') || given.test(definition ?? '')
}

export const readWrittenByTriggers = async (
  { live }: Sides,
  table: SharedTable,
  columns: readonly string[],
): Promise<readonly string[]> => {
  const name = [table.schema, table.name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
  // tgtype & 2: before, & 16: on update; D: disabled
  const found = await live.rows(sql`
    select p.prosrc::text, pg_catalog.pg_get_triggerdef(t.oid)
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = pg_catalog.to_regclass(${name}) and not t.tgisinternal and t.tgenabled <> 'D'
      and t.tgtype & 2 <> 0 and t.tgtype & 16 <> 0`)
  return columns.filter((column) => found.some((row) => writes(column, row)))
}
