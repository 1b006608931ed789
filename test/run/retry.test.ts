/** Flags of a run reach the run, and what passes by itself is tried again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/index.ts'
import { refuse, withAttempts } from '../support/attempts.ts'
import { query } from '../support/queries.ts'
import { gallery } from '../support/restores.ts'

/** Fails with this SQLSTATE as often as said, then no more: a sequence remembers what is rolled back. */
const failing = (sqlstate: string, times: number) => ({
  ...gallery,
  live: `${gallery.live}; create sequence attempts;
    create function fail() returns trigger language plpgsql as $$ begin
      if nextval('attempts') <= ${times} then raise exception 'in the way' using errcode = '${sqlstate}'; end if;
      return null;
    end $$;
    create trigger fail after insert on gallery for each row execute function fail()`,
})

const restore = ['restore', 'gallery', '7', '--yes']

describe('a run that another transaction stood in the way of', () => {
  test.each(['40P01', '40001'])('(%s) is tried again, all of it', async (sqlstate) => {
    await withAttempts(failing(sqlstate, 2), async ({ rowgraft, live }) => {
      const { exit, stderr } = await rowgraft(restore)
      expect(exit, stderr).toBe(0)
      expect(await query(live, `select last_value from attempts`)).toEqual([{ last_value: '3' }])
      expect((await rowgraft(['verify'])).exit).toBe(0)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
    })
  })

  test('five times, and not more', async () => {
    await withAttempts(failing('40P01', 99), async (attempts) => {
      await refuse(attempts, restore, { exit: 5, says: ['in the way'], hint: 'run the same command again' })
      expect(await query(attempts.live, `select last_value from attempts`)).toEqual([{ last_value: '5' }])
    })
  })

  test('but not where the row itself is refused', async () => {
    await withAttempts(failing('P0001', 1), async (attempts) => {
      await refuse(attempts, restore, { exit: 5, says: ['in the way'] })
      expect(await query(attempts.live, `select last_value from attempts`)).toEqual([{ last_value: '1' }])
    })
  })
})

describe('flags of a run', () => {
  test('--expect takes the plan that was reviewed, and no other', async () => {
    await withAttempts(gallery, async (attempts) => {
      const path = join(attempts.journal, 'plan.json')
      await attempts.rowgraft(['plan', 'gallery', '7', '--out', path])
      const { hash } = JSON.parse(await readFile(path, 'utf8')) as Plan
      await refuse(attempts, ['restore', path, '--yes', '--expect', '0'.repeat(64)], {
        exit: 4,
        says: ['not the one expected', hash],
      })
      expect((await attempts.rowgraft(['restore', path, '--yes', '--expect', hash.toUpperCase()])).exit).toBe(0)
    })
  })

  test('--batch-size is the number of rows per round trip', async () => {
    await withAttempts(gallery, async ({ rowgraft }) => {
      const { exit, stderr } = await rowgraft([...restore, '--batch-size', '1', '--debug'])
      expect(exit, stderr).toBe(0)
      expect((await rowgraft(['verify'])).exit).toBe(0)
    })
  })
})
