/** What a script prints at its end: rows per table, and old and new keys. */
import { sql } from 'kysely'
import { compileLiteral, identifier, list, literal, type Query } from '../../database/names.ts'
import type { Plan } from '../../plan/plan.ts'
import { changedKeys } from '../../run/keys/changed-keys.ts'
import type { Layout, StagedTable } from '../../run/stage/staged.ts'
import { layOutSql } from './text.ts'

const countRows = ({ steps }: Plan): Query => {
  const groups = Map.groupBy(steps, ({ table, action }) => `${table}\0${action}`)
  const rows = [...groups.values()].map((group) => {
    const [{ table, action } = { table: '', action: '' }] = group
    return sql`(${literal(table)}, ${literal(action)}, ${sql.lit(group.reduce((sum, step) => sum + step.rows, 0))})`
  })
  return sql`select * from (values ${list(rows)}) as done("table", "action", "rows")`
}

const listKeys = (layout: Layout, staged: StagedTable): readonly Query[] => {
  const changed = changedKeys(layout, staged)
  if (changed === null) return []
  const { names, old, now, from, ordinal } = changed
  const shown = names.flatMap((name) => [
    sql`${old(name)} as ${identifier(`${name} in the backup`)}`,
    sql`${now(name)} as ${identifier(`${name} in live`)}`,
  ])
  return [
    sql`
    select ${literal(staged.table.id)} as "table", ${list(shown)}
    ${from}
    order by ${ordinal}`,
  ]
}

/** Statements whose rows psql shows. */
export const summarise = (plan: Plan, layout: Layout): readonly string[] =>
  [countRows(plan), ...[...layout.tables.values()].flatMap((staged) => listKeys(layout, staged))].map(
    (query) => `${layOutSql(compileLiteral(query))};\n`,
  )
