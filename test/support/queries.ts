import pg from 'pg'

/** A row as the server prints it: every value is text. */
export type TextRow = Readonly<Record<string, string | null>>

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (value: unknown) => value } })
  await client.connect()
  // A server that goes away after the last query is no fault of the test.
  client.on('error', () => {})
  return client
}

/** Runs `work` with one connection that gives every value as the server's text. */
export const withClient = async <Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = await connect(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Sessions that wait for the next query, by URL. */
const kept = new Map<string, pg.Client[]>()

/** Runs `work`; what it asks these databases, one query after the other, is asked in one session, as new each time. */
export const keepSessions = async <Result>(urls: readonly string[], work: () => Promise<Result>): Promise<Result> => {
  for (const url of urls) kept.set(url, [])
  try {
    return await work()
  } finally {
    const idle = urls.flatMap((url) => kept.get(url) ?? [])
    for (const url of urls) kept.delete(url)
    await Promise.all(idle.map((client) => client.end()))
  }
}

/** True where the session is as one that has just begun: not where a transaction was left open, or the server has ended it. */
const isRenewed = (client: pg.Client): Promise<boolean> =>
  client.query('discard all').then(
    () => true,
    () => false,
  )

/** Runs `work` in a session that is as new; the one of the query before, where sessions are kept and none is under way in it. */
const withSession = async <Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = kept.get(url)?.pop() ?? (await connect(url))
  let isKept = false
  try {
    const result = await work(client)
    isKept = kept.has(url) && (await isRenewed(client))
    return result
  } finally {
    const idle = kept.get(url)
    if (isKept && idle !== undefined) idle.push(client)
    else await client.end()
  }
}

/** Runs SQL, one statement or several, and gives the rows of the last one. */
export const query = async (url: string, sql: string): Promise<readonly TextRow[]> =>
  withSession(url, async (client) => {
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
  withSession(url, async (client) => {
    await client.query(settings)
    const lines: string[] = []
    for (const { sql } of (await client.query<{ sql: string }>(dumpQueries, [[...except]])).rows) {
      const { rows } = await client.query<{ line: string }>(sql)
      for (const row of rows) lines.push(row.line)
    }
    await client.query('commit')
    return lines.sort()
  })
