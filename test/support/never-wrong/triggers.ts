/** The triggers of a case: they count rows into their parents, log changes, and touch what is updated. Pure. */
import { list, quote, type Table } from './schema.ts'

const fields = (record: 'new' | 'old', columns: readonly string[]): string =>
  columns.map((name) => `${record}.${quote(name)}`).join(', ')

const makeFunction = (name: string, body: string): string =>
  `create function ${name}() returns trigger language plpgsql as $$ begin ${body} end $$`

const rowTrigger = (name: string, when: string, table: Table): string =>
  `create trigger ${name} ${when} on ${table.sql} for each row execute function ${name}()`

/** Creates the row of a table of counts together with the row that is counted for. */
const makeStats = (stats: Table, tables: readonly Table[]): readonly string[] => {
  const [reference] = stats.references
  const parent = tables[reference?.to ?? -1]
  if (reference === undefined || parent === undefined) return []
  const name = `make_${stats.sql}`
  const insert = `insert into ${stats.sql} (${list(reference.columns)}) values (${fields('new', reference.parentColumns)});`
  return [makeFunction(name, `${insert} return null;`), rowTrigger(name, 'after insert', parent)]
}

const count = (holder: Table, tables: readonly Table[]): readonly string[] =>
  holder.counters.flatMap(({ column, counted }) => {
    const child = tables[counted]
    const [reference] = child?.references ?? []
    if (child === undefined || reference === undefined) return []
    const add = (record: 'new' | 'old', change: string): string =>
      `update ${holder.sql} set ${column} = ${column} ${change} where (${list(holder.identity)}) = (${fields(record, reference.columns)});`
    const name = `count_${column}`
    const body = `if tg_op <> 'INSERT' then ${add('old', '- 1')} end if; if tg_op <> 'DELETE' then ${add('new', '+ 1')} end if; return null;`
    const when = `after insert or delete or update of ${list(reference.columns)}`
    return [makeFunction(name, body), rowTrigger(name, when, child)]
  })

const log = (table: Table, tables: readonly Table[]): readonly string[] => {
  if (table.audit === 'no') return []
  const isTied = table.audit === 'tied'
  const into = tables.find(({ key, madeFor }) => key === 'log' && madeFor === table.position)
  if (into === undefined) return []
  const name = into.sql.replace('log', 'write_log')
  const tied = into.references.flatMap(({ columns }) => columns)
  const about = (record: 'new' | 'old'): string => `row(${fields(record, table.identity)})::text`
  const insert = (record: 'new' | 'old'): string =>
    `insert into ${into.sql} (${list(['what', 'about', ...tied])}) values (tg_op, ${about(record)}${isTied ? `, ${fields(record, table.identity)}` : ''});`
  const body = isTied
    ? `${insert('new')} return null;`
    : `if tg_op = 'DELETE' then ${insert('old')} else ${insert('new')} end if; return null;`
  return [
    makeFunction(name, body),
    rowTrigger(name, isTied ? 'after insert or update' : 'after insert or update or delete', table),
  ]
}

const touch = (table: Table): readonly string[] => {
  if (!table.isTouched) return []
  const name = `touch_${table.position}`
  return [makeFunction(name, 'new.touched := clock_timestamp(); return new;'), rowTrigger(name, 'before update', table)]
}

/** The SQL of the triggers. */
export const triggerSql = (tables: readonly Table[]): readonly string[] =>
  tables.flatMap((table) => [
    ...(table.key === 'stats' ? makeStats(table, tables) : []),
    ...count(table, tables),
    ...log(table, tables),
    ...touch(table),
  ])
