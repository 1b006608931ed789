/** Rows that referred to those of a run before it, when these were missing; and rows that came later. */
import { describe, expect, test } from 'vitest'
import { type Attempts, expectRefused, withAttempts } from '../../support/attempts.ts'
import { configure } from '../../support/configs.ts'
import { dumpRows, query, withClient } from '../../support/queries.ts'

const schema = `
  create table author (id int primary key, name text);
  create table book (id int primary key, author_id int references author on delete set null);
  create table prize (id int primary key, author_id int not null references author);
  create table quote (id int primary key, author_id int not null);`

const backup = `
  insert into author values (1, 'Ada'), (2, 'Ben');
  insert into book values (1, 1), (2, 2);
  insert into prize values (1, 1), (2, 2);
  insert into quote values (1, 1), (2, 2);`

/** Deletes an author with the server's own triggers off. */
const torn = (others: string): string => `
  set session_replication_role = replica;
  delete from author where id = 1;
  ${others}
  set session_replication_role = origin;`

const restored = async (attempts: Attempts, flags: readonly string[] = []): Promise<void> => {
  const { exit, stderr } = await attempts.rowgraft(['restore', 'author', '1', '--yes', ...flags])
  expect(exit, stderr).toBe(0)
}

const undone = async (attempts: Attempts, flags: readonly string[] = []): Promise<void> => {
  const { exit, stderr } = await attempts.rowgraft(['undo', '--yes', ...flags])
  expect(exit, stderr).toBe(0)
}

describe.concurrent('rows that referred to those of a run before it', () => {
  test('are left as they were where no constraint is on them', () =>
    withAttempts(
      { schema, backup, live: torn('delete from book where id = 1; delete from prize where id = 1;') },
      async (attempts) => {
        const config = await configure(attempts, {
          relations: [{ from: 'quote', columns: ['author_id'], to: 'author' }],
        })
        const before = await dumpRows(attempts.live)
        await restored(attempts, [...config, '--children', 'none'])
        await undone(attempts, config)
        expect(await dumpRows(attempts.live)).toEqual(before)
      },
    ))

  test('stand in the way of an undo where the server would write to them, and are left alone with triggers off', () =>
    withAttempts({ schema, backup, live: torn('') }, async (attempts) => {
      const before = await dumpRows(attempts.live)
      await restored(attempts)
      expectRefused(await attempts.rowgraft(['undo', '--yes']), {
        exit: 4,
        says: [
          'rows of "public.book" refer to rows of "public.author" since before the run',
          'They did so while those were missing, and live would empty them as well: public.book 1',
          'They did so while those were missing, and live does not let the rows go: public.prize 1',
        ],
        hint: 'Undo with --triggers off, which leaves these rows as they were.',
      })
      await undone(attempts, ['--triggers', 'off'])
      expect(await dumpRows(attempts.live)).toEqual(before)
    }))

  test('are known as such where the run has put them back in another column', () =>
    withAttempts(
      {
        schema: `${schema} alter table book add editor_id int references author on delete set null;`,
        backup: `${backup} update book set editor_id = 3 - id;`,
        live: torn(
          'delete from prize; update book set author_id = null where id = 1; delete from author where id = 2;',
        ),
      },
      async (attempts) => {
        const before = await dumpRows(attempts.live)
        await restored(attempts, ['2', '--relink', 'all', '--children', 'none'])
        expectRefused(await attempts.rowgraft(['undo', '--yes']), {
          exit: 4,
          says: ['rows of "public.book" refer to rows of "public.author" since before the run', 'public.book 1'],
          hint: 'Undo with --triggers off',
        })
        await undone(attempts, ['--triggers', 'off'])
        expect(await dumpRows(attempts.live)).toEqual(before)
      },
    ))

  test('are told from those of a transaction that was open all the while', () =>
    withAttempts({ schema, backup, live: '' }, async (attempts) => {
      await withClient(attempts.live, async (client) => {
        await client.query('begin; savepoint early; insert into quote values (3, 2)')
        await query(attempts.live, torn('delete from prize where id = 1;'))
        await restored(attempts, ['--children', 'none'])
        await client.query('insert into book values (3, 1); commit')
      })
      expectRefused(await attempts.rowgraft(['undo', '--yes']), {
        exit: 4,
        says: [
          'by now They came after the run, or a trigger of the run made them: public.book 3',
          'since before the run',
        ],
      })
    }))

  test('are told from those that came later', () =>
    withAttempts({ schema, backup, live: torn('delete from prize where id = 1;') }, async (attempts) => {
      await restored(attempts, ['--children', 'none'])
      await query(attempts.live, 'insert into book values (3, 1)')
      const refused = await attempts.rowgraft(['undo', '--yes', '--triggers', 'off'])
      expectRefused(refused, { exit: 4, says: ['refer to rows of "public.author" by now', 'public.book 3'] })
      expect(refused.stderr).not.toContain('public.book 1')
    }))
})
