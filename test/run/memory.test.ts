/** What a large restore takes: memory does not grow with the rows, and a plan is small. */
import { stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startRestore } from '../support/children.ts'
import { query } from '../support/queries.ts'
import { journalFiles, withRestores } from '../support/restores.ts'

const rows = 200_000

const large = {
  schema: `create table event (id bigint primary key, day date not null, note text not null)`,
  backup: `insert into event select n, '2026-01-01', repeat(md5(n::text), 4) from generate_series(1, ${rows}) n; analyze event`,
  live: 'delete from event; vacuum event',
}

/** What an idle process with everything imported takes, in MB, is about a third of this. */
const limit = 300

test('200,000 rows come back in less than 300 MB, and their plan takes less than 20 bytes a row', { timeout: 120_000 }, async () => {
  await withRestores({ ...large, live: 'delete from event' }, async ({ live, backup, journal }) => {
    const { report, stderr } = await startRestore({ live, backup, journal, select: 'event?true' }).ended
    expect(stderr).toBe('')
    expect(report).toMatchObject({ outcome: 'committed', inserted: rows })
    expect(await query(live, 'select count(*) from event')).toEqual([{ count: String(rows) }])
    expect(report?.peak).toBeLessThan(limit)
    expect((report?.planSize ?? 0) / rows).toBeLessThan(20)
    const [path = ''] = await journalFiles(journal)
    expect((await stat(path)).size / rows).toBeLessThan(64)
    console.log(report, (await stat(path)).size / rows)
  })
})
