/** What a large restore takes: memory does not grow with the rows, and a plan is small. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startRestore } from '../support/children.ts'
import { query } from '../support/queries.ts'
import { journalFiles, withFolder, withRestores } from '../support/restores.ts'

const rows = 200_000

const events = {
  schema: `create table event (id bigint primary key, day date not null, note text not null)`,
  backup: `insert into event select n, '2026-01-01', repeat(md5(n::text), 4) from generate_series(1, ${rows}) n`,
  live: 'truncate event',
}

const bytesPerRow = async (path: string): Promise<number> => (await stat(path)).size / rows

test('200,000 rows come back in less than 300 MB, from a plan of less than 20 bytes a row', {
  timeout: 60_000,
}, async () => {
  await withRestores(events, ({ live, backup, journal }) =>
    withFolder(async (folder) => {
      const path = join(folder, 'plan.json')
      await startRestore({ live, backup, journal, select: 'event?true', planInto: path }).ended
      expect(await bytesPerRow(path)).toBeLessThan(20)
      const { report, stderr } = await startRestore({ live, backup, journal, planFrom: path }).ended
      expect({ report, stderr }).toEqual({
        report: { outcome: 'committed', inserted: rows, peak: expect.any(Number) },
        stderr: '',
      })
      expect(report?.peak).toBeLessThan(300)
      expect(await query(live, 'select count(*) from event')).toEqual([{ count: String(rows) }])
      const [file = ''] = await journalFiles(journal)
      expect(await bytesPerRow(file)).toBeLessThan(64)
    }),
  )
})
