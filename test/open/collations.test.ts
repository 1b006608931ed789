import { expect, test } from 'vitest'
import { withAttempts } from '../support/attempts.ts'
import { query } from '../support/queries.ts'

test('a collation that is not the one its indexes were built with is told of, and forbids nothing', () =>
  withAttempts(
    {
      schema: 'create table photo (title text primary key)',
      backup: `insert into photo values ('a')`,
      live: 'delete from photo',
    },
    async ({ rowgraft, live }) => {
      await query(live, `update pg_database set datcollversion = '0.1' where datname = current_database()`)
      const { exit, stderr } = await rowgraft(['restore', 'photo', 'a', '--yes'])
      expect(stderr).toContain('0.1')
      expect(stderr).toMatch(/index/)
      expect(exit).toBe(0)
    },
  ))
