/** One measured run, in a process of its own: prints how long it took, what it found, and how much memory it needed at most. */
import { sql } from 'kysely'
import { readCatalog } from '../../src/catalog/read/read.ts'
import { shareCatalogs } from '../../src/catalog/shared.ts'
import { serverText } from '../../src/database/names.ts'
import { openSession } from '../../src/database/session/session.ts'
import { withReadTransaction } from '../../src/database/transaction.ts'
import { prepareScan } from '../../src/diff/buckets/prepare.ts'
import { diffTable } from '../../src/diff/diff.ts'
import type { DiffState } from '../../src/diff/diff-states.ts'
import { compareByKey } from '../../src/diff/keys/keys.ts'
import { readCreation } from '../../src/rows/records/habits.ts'
import { comparedColumns } from '../../src/rows/records/records.ts'
import { openSides, type Sides, tableOf } from '../../src/rows/sides.ts'
import { tableDigest } from '../../src/sql/column-digest.ts'
import { fromTable } from '../../src/sql/rows.ts'
import type { Measured } from './runs.ts'

/** What to measure. */
export type Work =
  | { readonly kind: 'copy' | 'record digest' | 'column digest'; readonly table: string; readonly key: string }
  | { readonly kind: 'stream everything'; readonly table: string }
  | { readonly kind: 'diff'; readonly table: string; readonly states?: readonly DiffState[] }

const perform = async (sides: Sides, work: Work): Promise<string> => {
  const table = tableOf(sides.catalog, `public.${work.table}`)
  const from = fromTable(table.backup)
  switch (work.kind) {
    case 'copy': {
      let bytes = 0
      const query = sql`copy (select ${serverText(work.key)} from ${from}) to stdout (format binary)`
      for await (const chunk of sides.backup.copyFrames(query)) bytes += chunk.length
      return `${bytes} bytes`
    }
    case 'record digest': {
      const query = sql`select pg_catalog.bit_xor(pg_catalog.hash_record_extended(t, 0))::text from ${from} as t`
      return String((await sides.backup.rows(query))[0]?.[0])
    }
    case 'column digest': {
      const digest = tableDigest({ alias: 't', table, columns: comparedColumns(table) }, sides.hashing)
      const rows = await sides.backup.rows(sql`select pg_catalog.bit_xor(${digest})::text from ${from} as t`)
      return String(rows[0]?.[0])
    }
    case 'stream everything': {
      const found = await compareByKey(sides, table, {
        creation: await readCreation(sides, table),
        onRows: () => undefined,
      })
      return `${found.missing.length} missing, ${found.differing.length} changed, ${found.extra.length} extra`
    }
    case 'diff': {
      const { missing, changed, extra } = await diffTable(sides, table, { states: work.states })
      return `${missing} missing, ${changed} changed, ${extra} extra`
    }
  }
}

const [liveUrl = '', backupUrl = '', work = ''] = process.argv.slice(2)
const live = await openSession(liveUrl, { side: 'live' })
const backup = await openSession(backupUrl, { side: 'backup' })
try {
  await withReadTransaction(live, (here) =>
    withReadTransaction(backup, async (there) => {
      const catalog = shareCatalogs(await readCatalog(here), await readCatalog(there))
      const sides = await openSides({ live: here, backup: there, catalog, restored: new Map() })
      await Promise.all([prepareScan(here, 0), prepareScan(there, 0)])
      const start = performance.now()
      // The parent made it.
      const found = await perform(sides, JSON.parse(work) as Work)
      const measured: Measured = {
        elapsed: performance.now() - start,
        memory: process.resourceUsage().maxRSS / 1_024,
        found,
      }
      process.stdout.write(JSON.stringify(measured))
    }),
  )
} finally {
  await live.close()
  await backup.close()
}
