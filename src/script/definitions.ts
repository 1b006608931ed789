/** A script writes only into tables that are as they were when it was made. */
import { sql } from 'kysely'
import type { Catalog, Table } from '../catalog/catalog.ts'
import { definitionsOf } from '../catalog/definitions.ts'
import { fingerprint } from '../catalog/fingerprint.ts'
import { list, literal } from '../database/names.ts'
import type { Reader, Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'

/** Throws `plan-stale` when a used table is not as the plan knows it. */
export const refuseAltered = (plan: Plan, catalog: Catalog): void => {
  for (const [id, expected] of Object.entries(plan.fingerprints)) {
    const table = catalog.tables.find((candidate) => candidate.id === id)
    if (table !== undefined && fingerprint(table) === expected) continue
    throw new RowgraftError('plan-stale', `table "${id}" was altered since the plan was made`, {
      hint: 'Make the plan again.',
    })
  }
}

/** Checks in the script that every definition is still there, and no other. */
export const checkDefinitions = async (live: Reader, writer: Writer, tables: readonly Table[]): Promise<void> => {
  const query = definitionsOf(tables)
  const known = (await live.rows(query)).map((row) => sql`(${list(row.map((text) => literal(text ?? '')))})`)
  const names = tables.map(({ id }, position) => sql`(${literal(String(position))}, ${literal(id)})`)
  await writer.check({
    query: sql`
      with expected(position, definition) as (values
        ${list(known, ',\n        ')}
      ), found(position, definition) as (
        ${query}
      ), differing(position, what) as (
        select e.position, 'gone: ' || e.definition
        from (select position, definition from expected except select position, definition from found) as e
        union all
        select f.position, 'new: ' || f.definition
        from (select position, definition from found except select position, definition from expected) as f
      )
      select n.name, d.what
      from differing d
      join (values ${list(names)}) as n(position, name) on n.position = d.position
      order by n.name, d.what`,
    expect: { none: 2 },
    code: 'plan-stale',
    message: ({ row: [name] }) => `table "${name}" was altered since this script was made`,
    nameRow: ([, what]) => what ?? '',
    hint: 'Make the plan and the script again.',
  })
}
