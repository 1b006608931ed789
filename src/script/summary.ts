/** What a script prints at its end: rows per table, and old and new keys. */
import { sql } from 'kysely'
import { column, compileLiteral, identifier, list, literal, type Query } from '../database/names.ts'
import type { Plan } from '../plan/plan.ts'
import { inRange, inserted, type Layout, newColumn, oldColumn, ordinalColumn, type StagedTable } from '../run/layout.ts'
import { layOutSql } from './text.ts'

const countRows = ({ steps }: Plan): Query => {
  const groups = Map.groupBy(steps, ({ table, action }) => `${table}\0${action}`)
  const rows = [...groups.values()].map((group) => {
    const [{ table, action } = { table: '', action: '' }] = group
    return sql`(${literal(table)}, ${literal(action)}, ${sql.lit(group.reduce((sum, step) => sum + step.rows, 0))})`
  })
  return sql`select * from (values ${list(rows)}) as done("table", "action", "rows")`
}

const listKeys = (staged: StagedTable): Query => {
  const { table } = staged
  const names = table.primaryKey.length > 0 ? table.primaryKey : table.identity
  const [old, now] = [oldColumn, newColumn].map((of) => names.map((name) => sql`m.${of(staged, name)}`))
  const shown = names.flatMap((name, p) => [
    sql`${old?.[p]} as ${identifier(`${name} in the backup`)}`,
    sql`${now?.[p]} as ${identifier(`${name} in live`)}`,
  ])
  return sql`
    select ${literal(table.id)} as "table", ${list(shown)}
    from ${staged.map} as m
    where ${inRange('m', inserted(staged))} and row(${list(old ?? [])}) is distinct from row(${list(now ?? [])})
    order by ${column('m', ordinalColumn)}`
}

/** Statements whose rows psql shows. */
export const summarise = (plan: Plan, layout: Layout): readonly string[] =>
  [
    countRows(plan),
    ...[...layout.tables.values()].filter((staged) => staged.hasMap && inserted(staged).last > 0).map(listKeys),
  ].map((query) => `${layOutSql(compileLiteral(query))};\n`)
