/** Values that live's type rounds without a word, rounded in the stage where the user has accepted that: what is inserted and verified is the rounded value. */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { any, column, identifier, list, serverText } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import type { Report } from '../run.ts'
import type { StagedTable } from './staged.ts'

/** Rounds the columns of one table that are among those accepted (`table.column`), and tells of how many rows. A script tells of none. */
export const roundValues = async (
  writer: Writer,
  staged: StagedTable,
  accepted: ReadonlySet<string>,
): Promise<Report['rounded']> => {
  const { table, stage } = staged
  const rounded = table.columns.flatMap(({ name }) => {
    const type = accepted.has(`${table.id}.${name}`) ? columnOf(table.live, name)?.type : undefined
    return type === undefined
      ? []
      : [{ name, own: column('s', name), value: sql`${column('s', name)}::${serverText(type)}` }]
  })
  if (rounded.length === 0) return []
  const counts = rounded.map(({ own, value }) => sql`pg_catalog.count(*) filter (where ${value} <> ${own})::text`)
  const [found] = await writer.observe(sql`select ${list(counts)} from ${stage} as s`)
  await writer.execute(sql`
    update ${stage} as s
    set ${list(rounded.map(({ name, value }) => sql`${identifier(name)} = ${value}`))}
    where ${any(rounded.map(({ own, value }) => sql`${value} <> ${own}`))}`)
  return rounded.flatMap(({ name }, place) => {
    const rows = Number(found?.[place] ?? 0)
    return rows === 0 ? [] : [{ table: table.id, column: name, rows }]
  })
}
