import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { type Attempts, refuse, shareAttempts, withAttempts } from '../support/attempts.ts'
import { dumpRows, query } from '../support/queries.ts'

const schema = `
  create table photo (id integer primary key, title text, rating numeric, made integer generated always as (id * 2) stored);
  create table seat (hall text, line integer, primary key (hall, line));
  create schema depot;
  create table depot.crate (id integer primary key, label text);
  create schema attic;
  create table attic.crate (id integer primary key, label text);
  create table "Odd.Name" ("Key ""x""" text primary key, "Select" text);
  create table canary (id integer primary key);
  create function depot.wipe() returns boolean language sql volatile as 'delete from public.canary; select true';
  create function depot.is_best(integer) returns boolean language sql stable as 'select $1 = 2';
  create table depot.chosen (id integer primary key)`

const backup = `
  insert into photo values (1, 'cat', 3), (2, 'dog', 5), (3, 'eel', 1), (4, 'it''s', 2);
  insert into seat values ('a', 1), ('a', 2), ('b,c', 1), ('"q"', 7), ('', 0);
  insert into depot.crate values (1, 'd');
  insert into attic.crate values (1, 'a');
  insert into "Odd.Name" values ('1', 'odd'), ('a b', 'even');
  insert into canary values (1);
  insert into depot.chosen values (3)`

const live = `
  delete from photo where id in (1, 2, 3, 4);
  delete from seat;
  delete from depot.crate;
  delete from attic.crate;
  delete from "Odd.Name";
  insert into photo values (9, 'new', 0)`

const sql = { schema: `${schema}; create sequence steps`, backup, live }

const refusing = shareAttempts(sql)

/** Ids of the table's rows in live, after a restore that must go well. */
const restored = async (
  sides: Attempts,
  argv: readonly string[],
  table: string,
  stdin?: string,
): Promise<readonly string[]> => {
  const options = stdin === undefined ? {} : { stdin }
  const { exit, stdout, stderr } = await sides.rowgraft(['restore', ...argv, '--yes'], options)
  expect(exit, stdout + stderr).toBe(0)
  return (await dumpRows(sides.live))
    .filter((line) => line.startsWith(`${table}\t`))
    .map((line) => line.split('\t')[1] ?? '')
}

const searchDepot = `do $$ begin execute format('alter database %I set search_path = depot, public', current_database()); end $$`

describe('a table name', () => {
  test.each([
    ['poto', 'there is no table "poto" on both sides', 'Did you mean "public.photo"?'],
    ['public.phot', 'there is no table "public.phot" on both sides', 'Did you mean "public.photo"?'],
    ['zzzzzzzz', 'there is no table "zzzzzzzz" on both sides', 'Run "rowgraft tables"'],
    ['"Photo"', 'there is no table "Photo" on both sides', 'Did you mean "public.photo"?'],
    ['odd', 'there is no table "odd" on both sides', 'Run "rowgraft tables"'],
    ['depot.photo', 'there is no table "depot.photo" on both sides', 'Did you mean "public.photo"?'],
    ['crate', 'the name "crate" fits several tables', 'attic.crate or depot.crate'],
    ['a.b.c', '"a.b.c" is not a table name', 'schema.table'],
    ['photo; drop table canary', 'is not a table name', 'as psql takes it'],
    ['"photo', 'is not a table name', 'as psql takes it'],
    ['', '"" is not a table name', 'as psql takes it'],
  ])('%j is refused', async (name, says, hint) => {
    const sides = refusing()
    await refuse(sides, ['restore', name, '1', '--yes'], { exit: 2, says: [says], hint })
    if (!says.startsWith('there is')) return
    await refuse(sides, ['diff', name], { exit: 2, says: [says], hint })
    await refuse(sides, ['show', name, '1'], { exit: 2, says: [says], hint })
    await refuse(sides, ['plan', 'photo', '1', '--without', name], { exit: 2, says: [`there is no table "${name}"`] })
  })

  test('is taken as psql takes it', async () => {
    await withAttempts(sql, async (sides) => {
      expect(await restored(sides, ['PHOTO', '1'], 'public.photo')).toContain('(1,2,3,cat)')
      expect(await restored(sides, ['"attic"."crate"', '1'], 'attic.crate')).toEqual(['(1,a)'])
      expect(await restored(sides, ['Depot.Crate', '1'], 'depot.crate')).toEqual(['(1,d)'])
      expect(await restored(sides, ['"Odd.Name"', 'a b'], 'public.Odd.Name')).toEqual(['("a b",even)'])
      expect(await restored(sides, ['--select', '"Odd.Name":1'], 'public.Odd.Name')).toHaveLength(2)
    })
  })
})

describe('a key', () => {
  test.each([
    [['photo', 'abc'], 'a key of "public.photo" is not valid: invalid input syntax for type integer: "abc"'],
    [['photo', '99999999999'], 'a key of "public.photo" is not valid: value "99999999999" is out of range'],
    [['photo', '1.5'], 'a key of "public.photo" is not valid'],
    [['photo', ''], 'a key of "public.photo" is not valid'],
    [['photo', '1,2'], 'a key of "public.photo" is not valid'],
    [['photo', '{1}'], 'a key of "public.photo" is not valid'],
    [['seat', 'a'], 'the key a has 1 value(s), "public.seat" needs 2'],
    [['seat', 'b,c,1'], 'the key b,c,1 has 3 value(s), "public.seat" needs 2'],
    [['seat', 'a,x'], 'a key of "public.seat" is not valid'],
    [['--select', 'seat:a'], 'the key a has 1 value(s), "public.seat" needs 2'],
    [['--under', 'seat:a'], 'the key a has 1 value(s), "public.seat" needs 2'],
    [['--under', 'photo:x'], 'a key of "public.photo" is not valid'],
  ])('%j that does not fit is refused', async (argv, says) => {
    const sides = refusing()
    await refuse(sides, ['restore', ...argv, '--yes'], {
      exit: 2,
      says: [says],
      hint: argv.join().includes('seat') ? 'hall,line' : 'id',
    })
  })

  test('whose quote is open is refused', async () => {
    const sides = refusing()
    await refuse(sides, ['restore', 'seat', '"a,1', '--yes'], {
      exit: 2,
      says: ['has a quote that is not closed'],
      hint: 'quote',
    })
  })

  test('that the backup lacks is said to be so, and the rest comes back', async () => {
    await withAttempts(sql, async (sides) => {
      const nothing = await sides.rowgraft(['restore', 'photo', '77', '--yes'])
      expect(nothing.exit).toBe(7)
      expect(nothing.stdout + nothing.stderr).toMatch(/77/)
      const some = await sides.rowgraft(['restore', 'photo', '1', '77', '078', '--yes', '--json'])
      expect(some.exit).toBe(7)
      expect(JSON.parse(some.stdout)).toMatchObject({
        outcome: 'committed',
        complete: false,
        notInBackup: [
          { table: 'public.photo', key: '77' },
          { table: 'public.photo', key: '078' },
        ],
      })
      expect((await sides.rowgraft(['plan', 'photo', '77'])).exit).toBe(0)
    })
  })

  test('may be spelled in any way the server reads', async () => {
    await withAttempts(sql, async (sides) => {
      expect(
        await restored(
          sides,
          ['photo', '007', ' 1', '+2', '3'].filter((key) => key !== '007'),
          'public.photo',
        ),
      ).toHaveLength(4)
      const { exit, stdout } = await sides.rowgraft(['restore', 'photo', '1', '01', '--yes', '--json'])
      expect({ exit, outcome: (JSON.parse(stdout) as { outcome: string }).outcome }).toEqual({
        exit: 0,
        outcome: 'nothing',
      })
    })
  })

  test('of several columns is a line of CSV', async () => {
    await withAttempts(sql, async (sides) => {
      const keys = ['a,2', '"b,c",1', '"""q""",7', ',0']
      expect(await restored(sides, ['seat', ...keys], 'public.seat')).toEqual([
        '("""q""",7)',
        '("",0)',
        '("b,c",1)',
        '(a,2)',
      ])
    })
  })
})

describe('--where', () => {
  const where = (condition: string): readonly string[] => ['photo', '--where', condition]

  test.each([
    ['is no SQL', 'id ==== 7', 'operator does not exist'],
    ['is not a condition', 'id', 'must be type boolean'],
    ['is empty', ' ', 'syntax error'],
    ['names an unknown column', 'nme = 1', 'column "nme" does not exist'],
    ['fails on a value', '1 / (id - 1) > 0', 'division by zero'],
    ['ends in a semicolon', 'id = 1;', 'syntax error'],
    ['has a parameter', 'id = $1', ''],
    ['has an open comment', 'id = 1 /* cat', 'unterminated /* comment'],
    ['has an open quote', "title = 'it's", ''],
    ['closes the parenthesis', 'id = 1) and (id = 2', ''],
    ['has a second statement', '1=1); delete from canary; --', ''],
    ['has a second statement that balances', '1=1); delete from canary; select (true', ''],
    ['ends the transaction first', '1=1); rollback; delete from canary; select (true', ''],
    ['commits first', '1=1); commit; delete from canary; begin; select (true', ''],
    ['calls a function that writes', 'depot.wipe()', 'cannot execute DELETE in a read-only transaction'],
    ['asks to write', "set_config('transaction_read_only', 'off', false) = 'off' and depot.wipe()", 'read-write mode'],
    ['takes a value from a sequence', "nextval('steps') > 0", 'cannot execute nextval() in a read-only transaction'],
    ['hides a write in a WITH', 'exists (with gone as (delete from canary returning id) select from gone)', 'WITH'],
  ])('that %s is refused, and nothing is written on either side', async (_, condition, says) => {
    await withAttempts(sql, async (sides) => {
      const before = await dumpRows(sides.backup)
      const refused = { exit: 2, says: ['the backup cannot evaluate --where', says], hint: '"public.photo"' }
      if (condition === 'id = 1) and (id = 2') {
        // Still one condition, however it is written.
        expect((await sides.rowgraft(['plan', ...where(condition)])).exit).toBe(0)
      } else await refuse(sides, ['restore', ...where(condition), '--yes'], refused)
      expect(await dumpRows(sides.backup), 'the backup is unchanged').toEqual(before)
    })
  })

  test('may end in a comment, and hold quotes, and line breaks', async () => {
    await withAttempts(sql, async (sides) => {
      expect(await restored(sides, where("title = 'it''s' -- the one"), 'public.photo')).toContain("(4,8,2,it's)")
      expect(await restored(sides, where('id = 3 /* eel */\nor false'), 'public.photo')).toContain('(3,6,1,eel)')
    })
  })

  test('finds the functions and tables of the search_path a fresh connection has', async () => {
    await withAttempts(sql, async (sides) => {
      await query(sides.backup, searchDepot)
      await query(sides.live, searchDepot)
      expect(await restored(sides, where('is_best(id)'), 'public.photo')).toContain('(2,4,5,dog)')
      expect(await restored(sides, where('id in (select id from chosen)'), 'public.photo')).toContain('(3,6,1,eel)')
      expect(await restored(sides, where('photo.id = 1 and photo.rating is not null'), 'public.photo')).toContain(
        '(1,2,3,cat)',
      )
    })
  })

  test('leaves the settings of the plan as they are', async () => {
    await withAttempts(sql, async (sides) => {
      const condition = "set_config('datestyle', 'SQL, DMY', true) is not null and id < 3"
      expect(await restored(sides, where(condition), 'public.photo')).toHaveLength(3)
    })
  })

  test('that holds for no row restores nothing', async () => {
    await withAttempts(sql, async (sides) => {
      const { exit, stdout } = await sides.rowgraft(['restore', ...where('false'), '--yes'])
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('Nothing to restore') })
    })
  })
})

describe('--select, --under and --columns', () => {
  test.each([
    ['photo', 'names no rows'],
    ['photo:', 'names no rows'],
    ['photo?', 'names no rows'],
    ['photo? ', 'names no rows'],
    [':7', '"" is not a table name'],
    ['"photo:7', 'names no rows'],
  ])('--select %j is refused', async (text, says) => {
    const sides = refusing()
    await refuse(sides, ['restore', '--select', text, '--yes'], { exit: 2, says: [says] })
  })

  test('several selections add up, each row once', async () => {
    await withAttempts(sql, async (sides) => {
      const argv = [
        '--select',
        'photo:1',
        '--select',
        'photo?id < 3',
        '--select',
        'seat:"b,c",1',
        '--select',
        'photo:01',
      ]
      expect(await restored(sides, argv, 'public.photo')).toEqual(['(1,2,3,cat)', '(2,4,5,dog)', '(9,18,0,new)'])
      expect(await query(sides.live, 'select hall from seat')).toEqual([{ hall: 'b,c' }])
    })
  })

  test('--under a row that is itself missing says to select the row', async () => {
    const sides = refusing()
    const says = ['row 1 of "public.photo" is itself missing in live']
    await refuse(sides, ['restore', '--under', 'photo:1', '--yes'], {
      exit: 2,
      says,
      hint: 'rowgraft plan public.photo 1',
    })
  })

  test('--under a row whose key another record has by now is refused', async () => {
    const children = `create table song (id integer primary key, name text not null, created_at timestamptz not null);
      create table verse (id integer primary key, song integer references song)`
    const then = `insert into song values (1, 'old', '2026-01-01'); insert into verse values (10, 1)`
    const since = `delete from verse; delete from song; insert into song values (1, 'other', '2026-02-02')`
    await withAttempts({ schema: children, backup: then, live: since }, async (sides) => {
      const says = ['row 1 of "public.song"', 'another record']
      await refuse(sides, ['restore', '--under', 'song:1', '--yes'], { exit: 2, says, hint: 'song' })
    })
  })

  test('--under a row that the backup lacks is said to be so', async () => {
    await withAttempts(sql, async (sides) => {
      const { exit, stdout } = await sides.rowgraft(['restore', '--under', 'photo:9', '--yes', '--json'])
      expect(exit).toBe(7)
      expect(JSON.parse(stdout)).toMatchObject({ notInBackup: [{ table: 'public.photo', key: '9' }] })
    })
  })

  test.each([
    ['nme', 'table "public.photo" has no column "nme" on both sides', 'id, title, rating'],
    ['made', 'table "public.photo" has no column "made" on both sides', 'id, title, rating'],
    ['title,id', 'column "id" is part of the key of "public.photo"', '--columns'],
    ['Title', 'table "public.photo" has no column "Title" on both sides', 'title'],
    ['', '--columns "" names no column', '--columns title,caption'],
  ])('--columns %j is refused', async (columns, says, hint) => {
    const sides = refusing()
    await refuse(sides, ['restore', 'photo', '1', '--columns', columns, '--yes'], { exit: 2, says: [says], hint })
  })

  test('--columns of one that only the server writes is refused', async () => {
    const numbered = 'create table ticket (id integer primary key, number integer generated always as identity)'
    await withAttempts({ schema: numbered, live: 'select 1' }, async (sides) => {
      const says = ['column "number" of "public.ticket" is written by the server alone']
      await query(sides.backup, 'insert into ticket values (1)')
      await refuse(sides, ['restore', 'ticket', '1', '--columns', 'number', '--yes'], {
        exit: 2,
        says,
        hint: '--columns',
      })
    })
  })

  test('--columns of a row that is missing leaves it out', async () => {
    await withAttempts(sql, async (sides) => {
      const { exit, stdout } = await sides.rowgraft(['restore', 'photo', '1', '--columns', 'title', '--yes'])
      expect(exit).toBe(7)
      expect(stdout.replace(/\s+/g, ' ')).toContain(
        'it is missing in live; --columns restores columns of rows that live still has',
      )
    })
  })
})

describe('--keys-from', () => {
  const line = (table: string, key: unknown): string => JSON.stringify({ table, key })

  test('takes what diff prints, from a file and from standard input', async () => {
    await withAttempts(sql, async (sides) => {
      const { stdout } = await sides.rowgraft(['diff', '--rows', '--missing', '--format', 'ndjson'])
      const file = join(sides.journal, 'keys')
      await writeFile(file, stdout)
      expect((await sides.rowgraft(['restore', '--keys-from', file, '--yes'])).exit).toBe(0)
      expect(await query(sides.live, 'delete from photo where id = 9 returning title')).toEqual([{ title: 'new' }])
      expect(await dumpRows(sides.live)).toEqual(await dumpRows(sides.backup))
      const { exit } = await sides.rowgraft(['restore', '--keys-from', '-', '--yes'], { stdin: stdout })
      expect(exit).toBe(0)
    })
  })

  test('takes keys by name in any order, as lists, and as typed', async () => {
    await withAttempts(sql, async (sides) => {
      const stdin = [
        line('seat', { line: '1', hall: 'a' }),
        '',
        line('public.seat', ['b,c', '1']),
        line('seat', '"""q""",7'),
        line('photo', { id: '1' }),
      ].join('\r\n')
      expect(await restored(sides, ['--keys-from', '-'], 'public.seat', stdin)).toEqual([
        '("""q""",7)',
        '("b,c",1)',
        '(a,1)',
      ])
    })
  })

  test.each([
    ['nonsense', 2, 'line 2 of the key file is not JSON'],
    ['{"table":"photo"}', 2, 'line 2 of the key file does not name a table and a key'],
    ['{"table":7,"key":"1"}', 2, 'line 2 of the key file does not name a table and a key'],
    ['[]', 2, 'line 2 of the key file does not name a table and a key'],
    ['null', 2, 'line 2 of the key file does not name a table and a key'],
    ['{"table":"photo","key":{"id":1}}', 2, 'line 2 of the key file has a key that is not made of strings'],
    ['{"table":"photo","key":[null]}', 2, 'line 2 of the key file has a key that is not made of strings'],
    [
      '{"table":"photo","key":{"id":"1\\u0000"}}',
      2,
      'line 2 of the key file has a key that no text of the server can be',
    ],
    ['{"table":"photo","key":"1\\u0000"}', 2, 'line 2 of the key file has a key that no text of the server can be'],
    ['{"table":"photo","key":["\\ud800"]}', 2, 'line 2 of the key file has a key that no text of the server can be'],
    ['{"table":"seat","key":{"hall":"a"}}', 2, 'a key of "public.seat" has no value for line'],
    ['{"table":"seat","key":["a"]}', 2, 'the key a has 1 value(s), "public.seat" needs 2'],
    ['{"table":"photo","key":{"id":"1","x":"2"}}', 2, 'a key of "public.photo" has no column x'],
    ['{"table":"nowhere","key":"1"}', 2, 'there is no table "nowhere" on both sides'],
    ['{"table":"photo","key":{}}', 2, 'has no value for id'],
    ['{"table":"photo","key":[]}', 2, 'a key of "public.photo" is not valid'],
    ['{"table":"seat","key":"\\"a,1"}', 2, 'the key "a,1 has a quote that is not closed'],
  ])('with %s is refused', async (bad, exit, says) => {
    const sides = refusing()
    const stdin = `${line('photo', { id: '1' })}\n${bad}\n${line('photo', { id: '2' })}\n`
    await refuse(sides, ['restore', '--keys-from', '-', '--yes'], { exit, says: [says] }, { stdin })
  })

  test('from a file that is not there is refused', async () => {
    const sides = refusing()
    const says = ['cannot read the key file "/nowhere/keys"']
    await refuse(sides, ['restore', '--keys-from', '/nowhere/keys', '--yes'], { exit: 2, says, hint: 'diff --rows' })
  })
})
