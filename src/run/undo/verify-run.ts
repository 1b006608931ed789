/** Compares the rows of a committed run with what it wrote, from live and the journal alone. */
import { readCatalog } from '../../catalog/read/read.ts'
import { shareCatalogs } from '../../catalog/shared.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { unpackKey } from '../../keys/key.ts'
import { type OnStage, tellBatches } from '../../progress/progress.ts'
import { findKeys, readShown } from '../../rows/by-key.ts'
import { keptDigest } from '../../sql/images.ts'
import { inBatches } from '../../sql/rows.ts'
import type { JournalHead } from '../journal/journal-head.ts'
import { readWritten } from '../journal/written-rows.ts'
import type { VerifyReport } from '../run.ts'

/** Reads every row the run wrote and compares digests. Throws `unknown-run` for a run that is not in live. */
export const verifyRun = async (reader: Reader, head: JournalHead, onStage: OnStage): Promise<VerifyReport> => {
  if (head.state !== 'committed') {
    throw new RowgraftError('unknown-run', `run ${head.run.run} has nothing to verify: it is ${head.state}`, {
      hint: head.state === 'open' ? 'Run "rowgraft recover" first.' : 'Run "rowgraft runs" to see the runs.',
    })
  }
  const live = await readCatalog(reader)
  const catalog = shareCatalogs(live, live, head.plan.declared)
  const mismatches: VerifyReport['mismatches'][number][] = []
  let total = 0
  for (const { table: id, inserted, updated, deleted } of await readWritten(head, onStage)) {
    const table = catalog.tables.get(id)
    const named = (key: string) =>
      Object.fromEntries(unpackKey(key).map((value, p) => [table?.identity[p] ?? String(p), value]))
    const written = [...inserted, ...updated]
    total += written.length + deleted.length
    const at = { stage: 'verify', table: id, total: written.length } as const
    for (const batch of tellBatches(onStage, at, inBatches(written))) {
      const keys = batch.map(({ key }) => key)
      const found =
        table === undefined
          ? null
          : await readShown(reader, table, { keys, show: [keptDigest('t', table.live, table.identity)] })
      for (const { key, digest } of batch) {
        const now = found?.get(key)?.[0]
        if (now !== digest) mismatches.push({ table: id, key: named(key), why: now === undefined ? 'gone' : 'changed' })
      }
    }
    const back = table === undefined ? [] : await findKeys(reader, table, { keys: deleted })
    for (const key of back) mismatches.push({ table: id, key: named(key), why: 'changed' })
  }
  return { v: 1, run: head.run.run, verified: mismatches.length === 0, rows: total, mismatches }
}
