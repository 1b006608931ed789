import pg from 'pg'

/** A row as the server prints it: every value is text. */
export type TextRow = Readonly<Record<string, string | null>>

/** Runs `work` with one connection that gives every value as the server's text. */
export const withClient = async <Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (value: unknown) => value } })
  await client.connect()
  // A server that goes away after the last query is no fault of the test.
  client.on('error', () => {})
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Runs SQL, one statement or several, and gives the rows of the last one. */
export const query = async (url: string, sql: string): Promise<readonly TextRow[]> =>
  withClient(url, async (client) => {
    const results = await client.query<Record<string, string | null>>(sql)
    // pg gives an array for several statements; its types do not say so.
    const last: unknown = Array.isArray(results) ? results.at(-1) : results
    return (last as pg.QueryResult<Record<string, string | null>>).rows
  })

const settings = `
  set time zone 'UTC';
  set datestyle = 'ISO, YMD';
  set intervalstyle = 'postgres';
  set extra_float_digits = 1;
  set bytea_output = 'hex';
  set search_path = '';
  begin isolation level repeatable read read only
`

// n: schema, c: table, a: column
const dumpQueries = `
  select format(
    'select %L || row(%s)::text as line from %s %I.%I',
    format(E'%s.%s\\t', n.nspname, c.relname),
    string_agg(quote_ident(a.attname), ', ' order by a.attname collate "C")
      filter (where c.relname || '.' || a.attname <> all ($1::text[])),
    case c.relkind when 'r' then 'only' else '' end,
    n.nspname,
    c.relname
  ) as sql
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p')
  and not c.relispartition
  and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema')
  group by c.oid, c.relname, c.relkind, n.nspname
`

/**
 * All rows of all tables, one line each: `schema.table`, a tab, the row's text with its columns in order of their names; sorted.
 * Two databases with equal dumps hold the same data. Partitions show through their root; sequences are not in it, nor
 * the columns in `except` (`table.column`).
 */
export const dumpRows = async (url: string, except: ReadonlySet<string> = new Set()): Promise<readonly string[]> =>
  withClient(url, async (client) => {
    await client.query(settings)
    const lines: string[] = []
    for (const { sql } of (await client.query<{ sql: string }>(dumpQueries, [[...except]])).rows) {
      const { rows } = await client.query<{ line: string }>(sql)
      for (const row of rows) lines.push(row.line)
    }
    return lines.sort()
  })
