/** Dumps that were made without something: what they hold is used, and what they lack is said wherever it would be counted or followed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findPgRestore } from '../../../src/open/sources/pg-restore.ts'
import { type Attempts, withAttempts } from '../../support/attempts.ts'

const dumps = join(import.meta.dirname, 'dumps')
const library = (await readFile(join(dumps, 'library.sql'), 'utf8')).replace(/^[\s\S]*\\connect library$/m, '')
const hasPgRestore = await findPgRestore({ major: 1, minor: 14 }, process.env).then(
  () => true,
  () => false,
)

const withDump = (
  name: string,
  live: string,
  work: (run: (...argv: readonly string[]) => ReturnType<Attempts['rowgraft']>) => Promise<void>,
): Promise<void> =>
  withAttempts({ schema: library, live }, ({ rowgraft }) => {
    const backup = join(dumps, `library-${name}.dump`)
    return work((...argv) => rowgraft([...argv, '--backup', backup]))
  })

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')
const absent = 'its rows are not in the backup: the dump was made without them'

describe.skipIf(!hasPgRestore)('a dump (needs pg_restore)', () => {
  test.each([
    ['book', 'delete from book where id = 3', 'book'],
    ['deal', 'delete from sales.deal', 'sales.deal'],
  ])('of %s alone gives its rows, though its key leads out of it', async (name, damage, table) => {
    await withDump(name, `delete from review; delete from sales.deal; ${damage}`, async (run) => {
      const restored = await run('restore', table, '--all-missing', '--yes')
      expect(restored).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 row back') })
      expect(restored.stderr).toContain('FK CONSTRAINT')
      expect((await run('diff', table)).exit).toBe(0)
    })
  })

  test('of a table whose type it lacks says so', async () => {
    await withDump('offer', '', async (run) => {
      const { exit, stderr } = await run('diff')
      expect(exit).toBe(4)
      expect(stderr).toContain('TABLE sales offer: type "public.tier" does not exist')
    })
  })

  test.each([
    ['rows', 'defines no tables'],
    ['section', 'defines no tables'],
    ['definitions', 'the rows are not in the backup: dump file'],
  ])('of half of everything (%s) is refused for what it is', async (name, says) => {
    await withDump(name, '', async (run) => {
      const { exit, stderr } = await run('diff')
      expect({ exit, isDamaged: stderr.includes('damaged') }).toEqual({ exit: 2, isDamaged: false })
      expect(stderr).toContain(says)
    })
  })

  // Each of its commands starts a server of its own.
  test('without the rows of a table counts nothing of it, and says what may be gone with others', {
    timeout: 120_000,
  }, async () => {
    await withDump('no-reviews', 'delete from author where id = 1', async (run) => {
      const counted = JSON.parse((await run('diff', '--json')).stdout)
      expect(counted.notCompared).toEqual([{ table: 'public.review', why: absent }])
      expect(counted.tables.map(({ table }: { table: string }) => table)).not.toContain('public.review')
      expect(flat((await run('diff')).stdout)).toContain(`not compared review ${absent}`)
      expect(flat((await run('tables')).stdout)).toContain(`review ! cannot be restored: ${absent}`)
      expect(flat((await run('incidents')).stdout)).toContain(`review – ${absent}`)
      expect(flat((await run('plan', 'author', '1')).stdout)).toContain(`rows of it belong to public.book; ${absent}`)
      const all = await run('restore', '--all-missing', '--yes', '--json')
      expect({ exit: all.exit, complete: JSON.parse(all.stdout).complete }).toEqual({ exit: 7, complete: false })
    })
  })

  test('without the rows of a parent leaves it to live which of them are there', async () => {
    await withDump(
      'no-authors',
      'delete from sales.deal; delete from book; delete from author where id = 1',
      async (run) => {
        expect((await run('restore', 'book', '3', '--yes')).exit).toBe(0)
        const { exit, stdout } = await run('plan', 'book', '1')
        expect(exit).toBe(4)
        expect(stdout).toContain('its parent author 1 is not in live, and the rows of its table are not in the backup')
      },
    )
  })

  test('without the rows of a partition says nothing of the whole table', async () => {
    await withDump('no-2025', 'delete from visit', async (run) => {
      expect(flat((await run('diff')).stdout)).toContain(`not compared visit ${absent}`)
      expect(await run('plan', 'visit', '2,2026')).toMatchObject({ exit: 4, stderr: expect.stringContaining(absent) })
    })
  })
})
