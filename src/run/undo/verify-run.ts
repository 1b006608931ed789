/** Compares the rows of a committed run with what it wrote, from live and the journal alone. */
import { sql } from 'kysely'
import type { Catalog } from '../../catalog/catalog.ts'
import { readCatalog } from '../../catalog/read/read.ts'
import { shareCatalogs } from '../../catalog/shared.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { unpackKey } from '../../keys/key.ts'
import { keptDigest } from '../../sql/images.ts'
import { fromTable, inBatches, joinOn, keySource, ordinal } from '../../sql/rows.ts'
import type { JournalHead } from '../journal/journal-head.ts'
import { readWritten } from '../journal/written-rows.ts'
import type { VerifyReport } from '../run.ts'

/** Reads every row the run wrote and compares digests. Throws `unknown-run` for a run that is not in live. */
export const verifyRun = async (reader: Reader, head: JournalHead): Promise<VerifyReport> => {
  if (head.state !== 'committed') {
    throw new RowgraftError('unknown-run', `run ${head.run.run} has nothing to verify: it is ${head.state}`, {
      hint: head.state === 'open' ? 'Run "rowgraft recover" first.' : 'Run "rowgraft runs" to see the runs.',
    })
  }
  const live = await readCatalog(reader)
  const catalog = shareCatalogs(live, live, head.plan.declared)
  const mismatches: VerifyReport['mismatches'][number][] = []
  let total = 0
  for (const { table: id, inserted, updated, deleted } of await readWritten(head)) {
    const table = catalog.tables.get(id)
    const named = (key: string) =>
      Object.fromEntries(unpackKey(key).map((value, p) => [table?.identity[p] ?? String(p), value]))
    const written = [...inserted, ...updated]
    total += written.length + deleted.length
    for (const batch of inBatches(written)) {
      const found = table === undefined ? new Map<number, string>() : await readRows(reader, table, batch)
      for (const [index, { key, digest }] of batch.entries()) {
        const now = found.get(index + 1)
        if (now !== digest) mismatches.push({ table: id, key: named(key), why: now === undefined ? 'gone' : 'changed' })
      }
    }
    for (const batch of inBatches(deleted)) {
      if (table === undefined) continue
      const back = await readRows(
        reader,
        table,
        batch.map((key) => ({ key })),
      )
      for (const position of back.keys()) {
        mismatches.push({ table: id, key: named(batch[position - 1] ?? ''), why: 'changed' })
      }
    }
  }
  return { v: 1, run: head.run.run, verified: mismatches.length === 0, rows: total, mismatches }
}

/** Digest by 1-based position of the rows that live has. */
const readRows = async (
  reader: Reader,
  table: { readonly live: Catalog['tables'][number]; readonly identity: readonly string[] },
  rows: readonly { readonly key: string }[],
): Promise<ReadonlyMap<number, string>> => {
  const found = await reader.rows(sql`
    select ${ordinal('k')}::text, ${keptDigest('t', table.live, table.identity)}::text
    from ${keySource(
      table.live,
      table.identity,
      rows.map(({ key }) => key),
    )}
    join ${fromTable(table.live)} as t on ${joinOn(table.identity, 't', 'k')}`)
  return new Map(found.map(([position, digest]) => [Number(position), digest ?? '']))
}
