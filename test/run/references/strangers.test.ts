/** A key may be handed out again at any moment: before the plan, between plan and run, after a run that brought its row back elsewhere. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Attempts, expectRefused, withAttempts } from '../../support/attempts.ts'
import { dumpRows, query } from '../../support/queries.ts'

const schema = `
  create table folder (id integer primary key, owner text not null, title text not null);
  create table file (id integer primary key, folder_id integer not null references folder on delete cascade, title text)`
const backup = `
  insert into folder values (1, 'ann', 'Taxes'), (2, 'cy', 'Maps');
  insert into file values (11, 1, 'form.pdf'), (12, 1, 'slip.pdf'), (13, 2, 'hill.png')`
const damage = 'delete from file where folder_id = 1'
const reuse = `delete from folder where id = 1; insert into folder values (1, 'bob', 'Party')`

/** Works with a plan that brings the files of folder 1 back, made before it was given to somebody else. */
const withPlanned = (work: (attempts: Attempts, path: string) => Promise<void>): Promise<void> =>
  withAttempts({ schema, backup, live: damage }, async (attempts) => {
    const path = join(attempts.journal, 'plan.json')
    const { exit } = await attempts.rowgraft(['plan', 'file', '--all-missing', '--out', path])
    expect(exit).toBe(0)
    await work(attempts, path)
  })

/** Each file with the owner of its folder, and the folder's id. */
const ownersOf = async (url: string): Promise<readonly (string | null | undefined)[]> => {
  const rows = await query(
    url,
    `select concat_ws(' ', file.id, owner, folder_id) as file from file join folder on folder_id = folder.id order by file.id`,
  )
  return rows.map(({ file }) => file)
}

const jsonOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

describe.concurrent('a plan whose parents were there', () => {
  test('is refused once one of them has become another record', () =>
    withPlanned(async ({ live, rowgraft }, path) => {
      await query(live, reuse)
      const before = await dumpRows(live)
      expectRefused(await rowgraft(['restore', path, '--yes']), {
        exit: 4,
        says: ['a live row that rows of the plan refer to may be other records by now', 'public.folder 1'],
        hint: 'Make the plan again',
      })
      expect(await dumpRows(live)).toEqual(before)
    }))

  test('runs where one of them was edited meanwhile, or is the same again', () =>
    withPlanned(async ({ live, rowgraft }, path) => {
      await query(live, `${reuse}; update folder set owner = 'ann', title = 'Taxes 2025' where id = 1`)
      const { exit, stderr } = await rowgraft(['restore', path, '--yes'])
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    }))
})

describe.concurrent('a row that came back under another key', () => {
  const withMoved = (work: (attempts: Attempts) => Promise<void>): Promise<void> =>
    withAttempts({ schema, backup, live: `${damage}; ${reuse}` }, async (attempts) => {
      const { exit } = await attempts.rowgraft(['restore', 'folder', '1', '--keys', 'new', '--yes'])
      expect(exit).toBe(0)
      // Its new key goes to somebody else, too.
      await query(attempts.live, `delete from folder where id = 3; insert into folder values (3, 'eve', 'Spy')`)
      await work(attempts)
    })

  test('is no parent any more once that key is another record', () =>
    withMoved(async ({ live, rowgraft }) => {
      const { exit, stdout } = await rowgraft(['plan', 'file', '--all-missing', '--json'])
      expect(exit).toBe(4)
      expect(jsonOf(stdout).conflicts).toEqual([
        expect.objectContaining({ kind: 'parent changed', table: 'public.folder', key: '1', live: ['3'], of: 2 }),
      ])
      const restored = await rowgraft(['restore', 'file', '--all-missing', '--on-conflict', 'folder=allocate', '--yes'])
      expect(restored.exit).toBe(0)
      expect(await ownersOf(live)).toEqual(['11 ann 4', '12 ann 4', '13 cy 2'])
    }))

  test('does not look restored any more, and is asked about', () =>
    withMoved(async ({ rowgraft }) => {
      const { exit, stdout } = await rowgraft(['plan', 'folder', '1'])
      expect(exit).toBe(4)
      expect(stdout).toContain('was restored as live row 3, which has other values in owner, title')
    }))

  test('can be brought back again once it is gone there, too', () =>
    withMoved(async ({ live, rowgraft }) => {
      await query(live, 'delete from folder where id in (1, 3)')
      const { exit, stderr } = await rowgraft(['restore', 'folder', '1', '--yes'])
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
      expect(await ownersOf(live)).toEqual(['11 ann 1', '12 ann 1', '13 cy 2'])
    }))

  test('is what belongs below it goes to, under --under', () =>
    withAttempts({ schema, backup, live: `${damage}; ${reuse}` }, async ({ live, rowgraft }) => {
      await rowgraft(['restore', 'folder', '1', '--keys', 'new', '--yes'])
      await query(live, 'delete from file where folder_id = 3')
      const { exit, stderr } = await rowgraft(['restore', '--under', 'folder:1', '--yes'])
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
      expect(await ownersOf(live)).toEqual(['11 ann 3', '12 ann 3', '13 cy 2'])
    }))
})

describe.concurrent('a row that is what it is by another one', () => {
  const animals = `
    create table animal (id integer primary key, name text not null, owner text not null);
    create table dog (animal_id integer primary key references animal on delete cascade, breed text not null);
    create table walk (id integer primary key, dog_id integer not null references dog on delete cascade, place text)`
  const kept = `
    insert into animal values (1, 'Rex', 'ann'), (2, 'Ada', 'cy');
    insert into dog values (1, 'poodle'), (2, 'pug');
    insert into walk values (11, 1, 'lake'), (12, 2, 'hill')`

  test('is no parent any more once that one has become another record', () =>
    withAttempts({ schema: animals, backup: kept, live: 'delete from walk where id = 11' }, async (attempts) => {
      const path = join(attempts.journal, 'plan.json')
      expect((await attempts.rowgraft(['plan', 'walk', '11', '--out', path])).exit).toBe(0)
      await query(
        attempts.live,
        `delete from animal where id = 1; insert into animal values (1, 'Bello', 'eve'); insert into dog values (1, 'poodle')`,
      )
      expectRefused(await attempts.rowgraft(['restore', path, '--yes']), {
        exit: 4,
        says: ['a live row that rows of the plan refer to may be other records by now', 'public.animal 1'],
        hint: 'Make the plan again',
      })
    }))
})

describe.concurrent('rows that came back below a new key', () => {
  test('are not brought back again once the journal is lost, whatever the answers', () =>
    withAttempts({ schema, backup, live: `${damage}; ${reuse}` }, async ({ live, journal, rowgraft }) => {
      const restore = ['restore', 'file', '11', '12', '--on-conflict', 'allocate', '--yes']
      expect((await rowgraft(restore)).exit).toBe(0)
      const rows = await dumpRows(live)
      const elsewhere = ['--journal', join(journal, 'another')]
      const { exit, stdout } = await rowgraft([...restore, ...elsewhere])
      expect({ exit, isBack: /is back +file/.test(stdout) }).toEqual({ exit: 0, isBack: true })
      expect(await dumpRows(live)).toEqual(rows)
    }))
})

describe.concurrent('a parent that is plainly the same', () => {
  const accounts = `
    create table account (
      id integer primary key, email text unique, name text, city text, phone text, bio text, status text default 'new',
      logins integer not null default 0, last_login timestamptz, created_at timestamptz not null);
    create table post (id integer primary key, account_id integer not null references account on delete cascade, words text)`
  const kept = `
    insert into account (id, email, name, created_at)
      select i, 'a' || i || '@x.org', 'name ' || i, timestamptz '2025-01-01' + i * interval '1 hour' from generate_series(1, 30) as i;
    insert into post select 100 + i, i, 'words ' || i from generate_series(1, 30) as i`
  const lost = 'delete from post where account_id = 7'

  test.each([
    ['was filled in', `update account set city = 'Kiel', phone = '1', bio = 'b', status = 'paid' where id = 7`],
    [
      'was renamed',
      `update account set name = 'other', email = 'other@x.org', logins = 9, last_login = now() where id = 7`,
    ],
    ['was changed with all others', `update account set name = upper(name), status = 'old', city = 'x'`],
    ['was emptied', `update account set name = null, email = null where id = 7`],
  ])('takes its rows, and is named, after it %s', (_, change) =>
    withAttempts({ schema: accounts, backup: kept, live: `${lost}; ${change}` }, async ({ rowgraft }) => {
      const { exit, stdout } = await rowgraft(['restore', 'post', '--all-missing', '--yes'])
      expect({ exit, isNamed: /attached +account +1 /.test(stdout) }).toEqual({ exit: 0, isNamed: true })
    }),
  )

  test('is asked about once it was made at another time', () =>
    withAttempts(
      {
        schema: accounts,
        backup: kept,
        live: `${lost}; update account set created_at = '2025-06-01', name = 'other' where id = 7`,
      },
      async ({ rowgraft }) => {
        expect((await rowgraft(['plan', 'post', '--all-missing'])).exit).toBe(4)
      },
    ))
})
