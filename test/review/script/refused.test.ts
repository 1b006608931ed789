import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { withFaultProxy } from '../../support/fault-proxy.ts'
import { hasPsql, type PsqlResult, psql, withPlainRole } from '../../support/psql.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { gallery, type Restores, withRestores } from '../../support/restores.ts'

const key = ['gallery', '7']

/** Makes a script, lets something happen, and runs it to be kept. What was there before it ran is there after it. */
const runAfter = (
  args: readonly string[],
  happens: (restores: Restores, script: string) => Promise<unknown>,
  on: 'live' | 'backup' = 'live',
): Promise<PsqlResult> =>
  withRestores(gallery, async (restores) => {
    const script = join(restores.journal, 'restore.sql')
    const planned = await command(['plan', ...args, '--sql', script], { env: restores.env })
    expect(planned.exit, planned.stderr).toBe(0)
    await happens(restores, script)
    const before = await dumpRows(restores[on])
    const result = await psql(restores[on], script, '-v', 'commit=1')
    expect(await dumpRows(restores[on])).toEqual(before)
    return result
  })

describe.skipIf(!hasPsql)('a script refuses (skipped where there is no psql)', () => {
  test('to call committed what a pooler has rolled back', async () => {
    const result = await withRestores(gallery, async ({ live, env, journal }) => {
      const script = join(journal, 'restore.sql')
      expect((await command(['plan', ...key, '--sql', script], { env })).exit).toBe(0)
      return withFaultProxy(live, async (proxy) => {
        proxy.judge = ({ text }) => (text.startsWith('commit') ? { query: 'rollback' } : 'forward')
        return psql(proxy.url, script, '-v', 'commit=1')
      })
    })
    expect(result).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/live does not hold it: transaction \d+ is aborted/),
    })
    expect(result.stdout).not.toContain('Committed.')
    expect(result.stdout).toMatch(/If it is not answered, ask: select pg_xact_status\(xid8 '\d+'\)\n/)
  })

  test.each([
    ['a key that was taken', "insert into gallery values (7, 'zoo', 'Zoo')", 'key 7 of "public.gallery" was free'],
    [
      'a row to be re-linked that has another parent',
      'update photo set gallery_id = 8 where id = 1',
      'a live row of "public.photo" changed since',
    ],
    [
      'a row to be re-linked that is gone',
      'delete from photo where id = 1',
      '1 of 2 live rows of "public.photo" are gone',
    ],
    [
      'a table with another column',
      'alter table comment add column hidden boolean',
      'table "public.comment" was altered since this script was made\nDETAIL:  new: column hidden boolean',
    ],
    [
      'a table without a constraint',
      'alter table gallery drop constraint gallery_slug_key',
      'gone: constraint gallery_slug_key UNIQUE (slug)',
    ],
    [
      'a trigger that changes rows',
      `create function shout() returns trigger language plpgsql as 'begin return null; end';
      create trigger shout before insert on comment for each row execute function shout()`,
      'table "public.comment" was altered',
    ],
  ])('%s', async (_, happening, says) => {
    const { exit, stderr } = await runAfter(key, ({ live }) => query(live, happening))
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining(says) })
  })

  test('a row to be overwritten that was changed meanwhile', async () => {
    const args = ['gallery', '8', '--on-conflict', 'overwrite']
    const edit = (text: string) => (restores: Restores) =>
      query(restores.live, `update gallery set title = '${text}' where id = 8`)
    const { exit, stderr } = await withRestores(
      { ...gallery, live: `${gallery.live}; update gallery set title = 'Sea' where id = 8` },
      async (restores) => {
        const script = join(restores.journal, 'restore.sql')
        await command(['plan', ...args, '--sql', script], { env: restores.env })
        await edit('The sea')(restores)
        return psql(restores.live, script, '-v', 'commit=1')
      },
    )
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringContaining('a live row of "public.gallery" changed since'),
    })
  })

  test('rows that a trigger makes where the backup has its own, and that others refer to', async () => {
    const sql = {
      schema: `
        create table users (id serial primary key, name text not null);
        create table profile (id serial primary key, user_id integer not null unique references users on delete cascade);
        create table setting (id serial primary key, profile_id integer not null references profile on delete cascade);
        create function make() returns trigger language plpgsql as $$
          declare made integer;
          begin
            insert into profile (user_id) values (new.id) returning id into made;
            insert into setting (profile_id) values (made);
            return null;
          end $$;
        create trigger make after insert on users for each row execute function make();`,
      backup: `insert into users values (1, 'Ada')`,
      live: 'delete from users',
    }
    const { exit, stderr } = await withRestores(sql, async ({ live, journal, env }) => {
      const script = join(journal, 'restore.sql')
      await command(['plan', 'users', '1', '--sql', script], { env })
      return psql(live, script, '-v', 'commit=1')
    })
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringMatching(
        /rows of "public.setting" refer to them. Fired: public.users.make.\s+public.setting 2\n/,
      ),
    })
  })

  test('another database than the one it was made for', async () => {
    const { exit, stderr } = await runAfter(key, async () => undefined, 'backup')
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringContaining('this script was made for database "live_'),
    })
  })

  test('rows that somebody edited in it', async () => {
    const { exit, stderr } = await runAfter(key, async (_, script) =>
      writeFile(script, (await readFile(script, 'utf8')).replace('\tPets', '\tCats')),
    )
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringContaining('the rows of the backup are not those'),
    })
  })
})

describe('plan --sql', () => {
  test('writes no script while a conflict is open, and says so', () =>
    withRestores(
      { ...gallery, live: `${gallery.live}; insert into gallery values (7, 'zoo', 'Zoo')` },
      async (restores) => {
        const script = join(restores.journal, 'restore.sql')
        const { exit, stderr } = await command(['plan', ...key, '--sql', script], { env: restores.env })
        expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('No script is written') })
        await expect(readFile(script)).rejects.toThrow('ENOENT')
      },
    ))

  test('plans for another role than the one that only looks', () =>
    withRestores(gallery, async (restores) => {
      const script = join(restores.journal, 'restore.sql')
      await withPlainRole(restores.live, async (live) => {
        await query(
          restores.live,
          `revoke insert, update on all tables in schema public from ${new URL(live).username}`,
        )
        const env = { ...restores.env, ROWGRAFT_LIVE: live }
        expect((await command(['plan', ...key], { env })).exit).toBe(4)
        const { exit, stdout } = await command(['plan', ...key, '--sql', script], { env })
        expect({ exit, stdout }).toEqual({
          exit: 0,
          stdout: expect.stringContaining('SELECT, INSERT on comment, gallery'),
        })
      })
      if (!hasPsql) return
      expect((await psql(restores.live, script, '-v', 'commit=1')).exit).toBe(0)
      expect(await query(restores.live, 'select title from gallery where id = 7')).toEqual([{ title: 'Pets' }])
    }))

  test('leaves a file alone that is something else', () =>
    withRestores(gallery, async (restores) => {
      const file = join(restores.journal, 'schema.sql')
      await writeFile(file, 'create table precious ();\n')
      const { exit, stderr } = await command(['plan', ...key, '--sql', file], { env: restores.env })
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('is not a script of rowgraft') })
      expect(await readFile(file, 'utf8')).toBe('create table precious ();\n')
    }))
})
