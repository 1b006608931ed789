/** Which tables of a dump have no rows in it, though it defines them: told by its list, and by the partitions that scratch has. */
import { sql } from 'kysely'
import type { QualifiedName } from '../../database/display.ts'
import { openSession } from '../../database/session/session.ts'
import type { Scratch } from './scratch.ts'

/** r: ordinary tables. Rows of a partition are those of its root. */
const tables = sql`
  select n.nspname, c.relname, rn.nspname, r.relname
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)
  join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
  where c.relkind = 'r' and c.oid >= 16384`

/** `names` are as `schema name`, each on one line. */
export const findWithoutRows = async (
  scratch: Scratch,
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<readonly QualifiedName[]> => {
  if (names.size === 0) return []
  const session = await openSession(scratch.url, { side: 'backup', signal, env: {} })
  try {
    const found = new Map<string, QualifiedName>()
    for (const [schema = '', name = '', rootSchema, root] of (await session.execute(tables)).rows) {
      const isWithout = names.has(`${schema} ${name}`.replace(/[\r\n]/g, ' '))
      if (isWithout) found.set(`${rootSchema}\0${root}`, { schema: rootSchema ?? '', name: root ?? '' })
    }
    return [...found.values()]
  } finally {
    await session.close()
  }
}
