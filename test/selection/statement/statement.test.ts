import { describe, expect, test } from 'vitest'
import { readDefault, readStatement, type Statement } from '../../../src/selection/statement/statement.ts'

/** The statement without its calls. */
const read = async (text: string, at: string | null = null): Promise<object> => {
  const statement = await readStatement(text, at)
  if (statement.action === 'truncate') return statement
  const { calls: _, ...rest } = statement
  return rest
}

const target = (name: string, parts: object = {}): object => ({
  schema: null,
  name,
  alias: null,
  isOnly: false,
  ...parts,
})

const at = '2025-05-01 12:00:00+00'
const moment = (type: string): string => `cast(cast('${at}' as pg_catalog.timestamptz) as pg_catalog.${type})`

const whereOf = async (condition: string, time: string | null = at): Promise<string | null> => {
  const statement = await readStatement(`delete from photo where ${condition}`, time)
  return statement.action === 'truncate' ? null : statement.where
}

const setsOf = async (sets: string): Promise<Extract<Statement, { action: 'update' | 'delete' }>['sets']> => {
  const statement = await readStatement(`update photo set ${sets}`, at)
  return statement.action === 'truncate' ? [] : statement.sets
}

describe('a DELETE', () => {
  test('is cut into its clauses', async () => {
    expect(
      await read(`with recursive a as (select 1), b as (select 2)
        delete from only public."Photo" as p using gallery g left join a using (id), b where p.id = g.id returning *, (p.id);`),
    ).toEqual({
      action: 'delete',
      target: target('Photo', { schema: 'public', alias: 'p', isOnly: true }),
      with: 'with recursive a as (select 1), b as (select 2)',
      from: 'gallery g left join a using (id), b',
      where: 'p.id = g.id',
      sets: [],
    })
  })

  test('without clauses is its table', async () => {
    expect(await read(';; DELETE FROM photo* x; ;')).toEqual({
      action: 'delete',
      target: target('photo', { alias: 'x' }),
      with: null,
      from: null,
      where: null,
      sets: [],
    })
  })

  test('may have the words of its clauses in names, literals, comments and brackets', async () => {
    expect(
      await read(`/* delete from x where */ with delete as (select 1)
        delete from "where"."using" "returning" -- using nothing
        using (select 'where returning' as "using" where true) as u, lateral (select "returning".id) as "set"
        where (array[(select 1 where true), 2])[1] = 1 /* returning */ and $where$ returning $where$ <> E'\\' returning' -- done
        returning 1`),
    ).toEqual({
      action: 'delete',
      target: target('using', { schema: 'where', alias: 'returning' }),
      with: 'with delete as (select 1)',
      from: `(select 'where returning' as "using" where true) as u, lateral (select "returning".id) as "set"`,
      where: `(array[(select 1 where true), 2])[1] = 1 /* returning */ and $where$ returning $where$ <> E'\\' returning'`,
      sets: [],
    })
  })

  test('keeps what is not ASCII where it is', async () => {
    expect(await whereOf(`"naïve 名前 🦜" = '🐈 é\u0001\u001f' and id = 7 -- 🦜`)).toBe(
      `"naïve 名前 🦜" = '🐈 é\u0001\u001f' and id = 7`,
    )
    expect(await whereOf(`'🦜🦜' <> now()::text and "é" < current_date`)).toBe(
      `'🦜🦜' <> ${moment('timestamptz')}::text and "é" < ${moment('date')}`,
    )
  })

  test('may name ten thousand keys', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => index).join(', ')
    expect(await whereOf(`id in (${keys})`)).toBe(`id in (${keys})`)
  })

  test('may be a long chain of operators', async () => {
    const condition = Array.from({ length: 2_000 }, (_, index) => `${index}`).join(' + ')
    expect(await whereOf(`id = ${condition}`)).toBe(`id = ${condition}`)
  })
})

describe('an UPDATE', () => {
  test('is cut into its clauses', async () => {
    expect(
      await read(`with a as (select 1) update only photo as set
        set title = a.title is distinct from b.title, "b c" = x is not distinct from y
        from gallery a join b on a.id is distinct from b.id where true returning set.*`),
    ).toEqual({
      action: 'update',
      target: target('photo', { alias: 'set', isOnly: true }),
      with: 'with a as (select 1)',
      from: 'gallery a join b on a.id is distinct from b.id',
      where: 'true',
      sets: [
        { column: 'title', value: 'a.title is distinct from b.title' },
        { column: 'b c', value: 'x is not distinct from y' },
      ],
    })
  })

  test('sets expressions with commas, equals signs and time in them', async () => {
    expect(
      await setsOf(`a = coalesce(b, c = d), "set" = array[1, 2], set = 'x, y = z', e = (f = g), h = now()`),
    ).toEqual([
      { column: 'a', value: 'coalesce(b, c = d)' },
      { column: 'set', value: 'array[1, 2]' },
      { column: 'set', value: "'x, y = z'" },
      { column: 'e', value: '(f = g)' },
      { column: 'h', value: moment('timestamptz') },
    ])
  })

  test('sets several columns at once', async () => {
    expect(
      await setsOf(
        `a = default, (b, "c") = (1 + (2), default), (d) = row (f(x, y)), (e, f) = (select g, h from i where j = k)`,
      ),
    ).toEqual([
      { column: 'a', value: null },
      { column: 'b', value: '1 + (2)' },
      { column: 'c', value: null },
      { column: 'd', value: 'f(x, y)' },
      { column: 'e', value: '(select "rowgraft"."1" from (select g, h from i where j = k) as "rowgraft"("1", "2"))' },
      { column: 'f', value: '(select "rowgraft"."2" from (select g, h from i where j = k) as "rowgraft"("1", "2"))' },
    ])
  })

  test.each([
    ['a[1] = 2', 'sets a part of column "a" (an element or a field)'],
    ['a.b = 2', 'sets a part of column "a" (an element or a field)'],
    ['(a, b) = ((1, 2))', 'sets (a, b) in a way that cannot be taken apart'],
    ['(a, b) = f(1)', 'sets (a, b) in a way that cannot be taken apart'],
    ['(a, b) = (1, 2, 3)', 'sets (a, b) in a way that cannot be taken apart'],
  ])('does not set %s', async (sets, says) => {
    await expect(setsOf(sets)).rejects.toMatchObject({ name: 'RowgraftError', message: `the statement ${says}` })
  })
})

describe('a TRUNCATE', () => {
  test('names its tables', async () => {
    expect(await read('truncate only a, b."C" restart identity cascade')).toEqual({
      action: 'truncate',
      targets: [target('a', { isOnly: true }), target('C', { schema: 'b' })],
      isCascade: true,
    })
    expect(await read('truncate table a restrict')).toEqual({
      action: 'truncate',
      targets: [target('a')],
      isCascade: false,
    })
  })
})

describe('the time it ran', () => {
  test.each([
    ['now()', 'timestamptz'],
    ['pg_catalog . now ( )', 'timestamptz'],
    ['transaction_timestamp()', 'timestamptz'],
    ['statement_timestamp()', 'timestamptz'],
    ['current_timestamp', 'timestamptz'],
    ['CURRENT_TIMESTAMP(3)', 'timestamptz(3)'],
    ['current_timestamp(0)', 'timestamptz(0)'],
    ['current_date', 'date'],
    ['current_time', 'timetz'],
    ['localtime', 'time'],
    ['localtimestamp /* at */ (2)', 'timestamp(2)'],
  ])('stands for %s', async (call, type) => {
    expect(await whereOf(`a < ${call} and b`)).toBe(`a < ${moment(type)} and b`)
    await expect(whereOf(`a < ${call}`, null)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('asks for the time'),
      hint: expect.stringContaining('--statement-at'),
    })
  })

  test('is not put in for what is only called so', async () => {
    const condition = `app.now() = "now" and 'now()' = $$now()$$ and x.current_date = "current_date"`
    expect(await whereOf(condition, null)).toBe(condition)
  })

  test.each([
    '2025-05-01T12:00:00Z',
    '2025-05-01 12:00:00.123456+02:00',
    '2025-05-01 12:00 UTC',
    '2025-05-01 12:00-0330',
    '2025-05-01 12:00 Europe/Oslo',
  ])('may be %s', async (time) => {
    expect(await whereOf('a < now()', time)).toContain(`'${time}'`)
  })

  test.each(['now', 'yesterday', '2025-05-01', '2025-05-01 12:00', "2025-05-01 12:00' || '", '12:00Z', ''])(
    'is not %j',
    async (time) => {
      await expect(whereOf('true', time)).rejects.toMatchObject({
        code: 'usage',
        hint: expect.stringContaining('2025'),
      })
    },
  )

  test('is not guessed where a word means it', async () => {
    const says = expect.stringContaining('relative time')
    await expect(whereOf("a < 'now'")).rejects.toMatchObject({ message: says })
    await expect(whereOf("a < date ' Yesterday '")).rejects.toMatchObject({ message: says })
    await expect(whereOf("a < 'today 10:00'::timestamptz")).rejects.toMatchObject({ message: says })
    expect(await whereOf("a = 'today'::text and b = 'now and then'")).toBe("a = 'today'::text and b = 'now and then'")
  })

  test('is put into a default', async () => {
    expect(await readDefault('(now() + f(1)) -- x', at)).toMatchObject({
      value: `(${moment('timestamptz')} + f(1))`,
      calls: { functions: [{ schema: null, name: 'f', arguments: 1 }] },
    })
    await expect(readDefault('CURRENT_TIMESTAMP', null)).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('what cannot be read on the backup', () => {
  test.each([
    ['', 'bad-where', 'it is empty'],
    ['-- nothing', 'usage', 'is empty'],
    ['delete frm photo', 'bad-where', 'syntax error at or near "frm"'],
    ["delete from photo where a = 'x", 'bad-where', 'unterminated quoted string'],
    ['delete from photo where a = \0', 'bad-where', 'zero byte'],
    [`delete from photo where ${'('.repeat(100_000)}true${')'.repeat(100_000)}`, 'bad-where', 'is not SQL'],
    ['delete from photo; delete from gallery', 'usage', 'is 2 statements'],
    ['begin; delete from photo; commit', 'usage', 'is 3 statements'],
    ['select * from photo', 'usage', 'is no DELETE, UPDATE or TRUNCATE (SELECT)'],
    ['insert into photo default values', 'usage', '(INSERT)'],
    ['merge into a using b on true when matched then delete', 'usage', '(MERGE)'],
    ['drop table photo', 'usage', '(DROP)'],
    ['alter table photo drop column id', 'usage', '(ALTER TABLE)'],
    ['explain analyze delete from photo', 'usage', '(EXPLAIN)'],
    ['prepare p as delete from photo', 'usage', '(PREPARE)'],
    ['do $$ begin delete from photo; end $$', 'usage', '(DO)'],
    ['with x as (insert into a values (1) returning *) delete from photo', 'usage', 'inserts rows in a WITH query'],
    ['with x as (update a set b = 1 returning *) delete from photo', 'usage', 'updates rows in a WITH query'],
    ['with x as (delete from a returning *) update photo set a = 1', 'usage', 'deletes rows in a WITH query'],
    ['delete from photo where id in (select id from photo for update skip locked)', 'usage', 'locks rows'],
    ['delete from photo where id = $1', 'usage', 'has parameters'],
    ['delete from photo where current of c', 'usage', 'follows a cursor'],
    ['delete from photo where id in (select id from photo tablesample system (1))', 'usage', 'takes a random sample'],
    ['delete from photo a using photo b where a.ctid < b.ctid', 'usage', 'asks where a row lies (ctid)'],
    ['delete from photo where owner = current_user', 'usage', 'asks for current_user'],
    ['delete from photo where owner = session_user', 'usage', 'asks for session_user'],
    ["delete from photo where tenant = current_setting('app.tenant')::int", 'usage', 'asks for current_setting()'],
    ["delete from photo where age(taken_at) > '1 year'", 'usage', 'calls age() with one value'],
    ['delete from other.public.photo', 'usage', 'names a database'],
  ])('%.80s', async (text, code, says) => {
    await expect(readStatement(text, null)).rejects.toMatchObject({
      name: 'RowgraftError',
      code,
      message: expect.stringContaining(says),
      hint: expect.stringMatching(/\.$/),
    })
  })

  test('is looked for in everything but RETURNING', async () => {
    const statement = await readStatement(
      `with a as (select f(1)) update photo set a = g(), b = (select s.h(1, 2)) from i(x) where x ~~~ y or x operator(s.<->) y returning current_user, random()`,
      null,
    )
    expect(statement).toMatchObject({
      calls: {
        functions: [
          { schema: null, name: 'g', arguments: 0 },
          { schema: 's', name: 'h', arguments: 2 },
          { schema: null, name: 'i', arguments: 1 },
          { schema: null, name: 'f', arguments: 1 },
        ],
      },
    })
    const operators = statement.action === 'truncate' ? [] : statement.calls.operators
    expect([...operators].sort()).toEqual(['<->', '~~~'])
  })
})
