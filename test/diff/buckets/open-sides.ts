import { readCatalog } from '../../../src/catalog/read/read.ts'
import { shareCatalogs } from '../../../src/catalog/shared.ts'
import type { Reader } from '../../../src/database/session/reader.ts'
import { openSession } from '../../../src/database/session/session.ts'
import { withReadTransaction } from '../../../src/database/transaction.ts'
import { openSides, type Sides } from '../../../src/rows/sides.ts'
import { type DatabaseSql, withDatabases } from '../../support/databases.ts'

/** Runs `work` with a snapshot of each side of a fresh pair of databases. */
export const withSides = async <Result>(
  sql: DatabaseSql,
  work: (sides: Sides) => Promise<Result>,
  options: { readonly backupSql?: string } = {},
): Promise<Result> =>
  withDatabases(sql, async (databases) => {
    const live = await openSession(databases.live, { side: 'live' })
    const backup = await openSession(databases.backup, { side: 'backup' })
    try {
      if (options.backupSql !== undefined) await backup.script(options.backupSql)
      return await withReadTransaction(live, (here) =>
        withReadTransaction(backup, async (there) => {
          const read = (reader: Reader) => readCatalog(reader)
          const catalog = shareCatalogs(await read(here), await read(there))
          return work(await openSides({ live: here, backup: there, catalog, restored: new Map() }))
        }),
      )
    } finally {
      await live.close()
      await backup.close()
    }
  })
