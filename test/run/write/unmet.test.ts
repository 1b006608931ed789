/** What a function of live's looks for and does not find is named with what gives it: the hint is followed to the letter. */
import { describe, expect, test } from 'vitest'
import { type Attempts, expectRefused, withAttempts } from '../../support/attempts.ts'
import { query } from '../../support/queries.ts'

const shop = {
  schema: `
    create schema "My shop";
    set search_path = "My shop";
    create table currency (code text primary key);
    create type mood as enum ('calm', 'odd');
    create function known(c text) returns boolean language sql stable
      as $$ select exists (select 1 from currency where code = c) $$;
    create table item (id integer primary key, currency text not null, note text);
    create function look() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$;
    create trigger look before insert or delete on item for each row execute function look();
    reset search_path`,
  backup: `
    insert into "My shop".currency values ('EUR');
    insert into "My shop".item values (1, 'EUR', 'cup'), (2, 'EUR', 'pot')`,
}

/** After the deletion, which must not stumble over it. */
const inShop = (sql: string): string => `set search_path = "My shop"; delete from item where id = 1; ${sql}`

const lookUp = (statement: string): string =>
  inShop(`create or replace function look() returns trigger language plpgsql as $$
    begin ${statement}; return coalesce(new, old); end $$`)

/** What the hint says to put before the command. */
const pathOf = (stderr: string): string =>
  /PGOPTIONS='((?:[^'])*)'/.exec(stderr.replace(/\s*\n/g, ' '))?.[1] ?? 'no path'

const restoreItem = ['restore', '"My shop".item', '1', '--yes'] as const

const items = async ({ live }: Attempts): Promise<unknown> =>
  query(live, 'select id, note from "My shop".item order by id')

const both = [
  { id: '1', note: 'cup' },
  { id: '2', note: 'pot' },
]

describe.concurrent('a name that a function of live does not find is told with its search_path:', () => {
  test.each([
    ['a relation of a trigger', lookUp('perform 1 from currency')],
    ['a function of a trigger', lookUp("perform known('EUR')")],
    ['a type of a trigger', lookUp("perform 'calm'::mood")],
    ['a relation of a check', inShop('drop trigger look on item; alter table item add check (known(currency))')],
  ])('%s', async (_, live) => {
    await withAttempts({ ...shop, live }, async (attempts) => {
      const refused = await attempts.rowgraft(restoreItem)
      expectRefused(refused, { exit: 5, says: ['live refused rows of ""My shop".item"', 'does not exist'] })
      const path = pathOf(refused.stderr)
      expect(path).toBe('-c search_path="My\\ shop","$user",public')
      const restored = await attempts.rowgraft(restoreItem, { env: { PGOPTIONS: path } })
      expect({ exit: restored.exit, rows: await items(attempts) }, restored.stderr).toEqual({ exit: 0, rows: both })
    })
  })

  test('but not where no schema has it', async () => {
    await withAttempts({ ...shop, live: lookUp('perform 1 from nowhere') }, async (attempts) => {
      const { stderr } = await attempts.rowgraft(restoreItem)
      expect(stderr).not.toContain('search_path')
      expect(stderr).toContain('A trigger raised this; leave the row out, or switch triggers off')
    })
  })

  test('and where the connection has options of its own, which win over PGOPTIONS, those are named', async () => {
    await withAttempts({ ...shop, live: lookUp('perform 1 from currency') }, async (attempts) => {
      const options = '-cwork_mem=8MB'
      const { stderr } = await attempts.rowgraft(restoreItem, { env: { PGOPTIONS: options } })
      expect(stderr.replace(/\s+/g, ' ')).toContain(
        `add '-c search_path="My\\ shop","$user",public' to the options of the connection`,
      )
    })
  })
})

const audited = (body: string) => ({
  schema: `
    create table txn (id integer primary key, memo text);
    create table audit (id bigint generated always as identity primary key, who text, op text)`,
  backup: "insert into txn values (1, 'rent'), (2, 'food')",
  live: `
    delete from txn where id = 1;
    create function actor() returns text language sql stable as $$ select current_setting('app.actor', true) $$;
    create function note() returns trigger language plpgsql as $$ begin ${body} return coalesce(new, old); end $$;
    create trigger note before insert or update or delete on txn for each row execute function note()`,
})

const writes = "insert into audit (who, op) values (current_setting('app.actor'), tg_op);"

const flagIn = (stderr: string): string | undefined => /--setting app\.actor=<value>/.exec(stderr)?.[0]

describe.concurrent('a setting that a trigger reads and nobody has made is named with its flag:', () => {
  test.each([
    ['the server says so', writes],
    ['the trigger raises', "if coalesce(current_setting('app.actor', true), '') = '' then raise 'who?'; end if;"],
    ['a function that it calls reads it', "if actor() is null or actor() = '' then raise 'who is it?'; end if;"],
  ])('%s', async (_, body) => {
    await withAttempts(audited(body), async (attempts) => {
      const refused = await attempts.rowgraft(['restore', 'txn', '1', '--yes'])
      expect({ exit: refused.exit, flag: flagIn(refused.stderr) }).toEqual({
        exit: 5,
        flag: '--setting app.actor=<value>',
      })
      const restored = await attempts.rowgraft(['restore', 'txn', '1', '--yes', '--setting', 'app.actor=me'])
      expect(restored.exit, restored.stderr).toBe(0)
      expect(await query(attempts.live, 'select id from txn order by id')).toEqual([{ id: '1' }, { id: '2' }])
    })
  })

  test('an undo takes it as well, and leaves no row out', async () => {
    await withAttempts(audited(`if tg_op = 'DELETE' then ${writes} end if;`), async (attempts) => {
      await attempts.rowgraft(['restore', 'txn', '1', '--yes'])
      const refused = await attempts.rowgraft(['undo', '--yes'])
      expect({ exit: refused.exit, flag: flagIn(refused.stderr) }).toEqual({
        exit: 5,
        flag: '--setting app.actor=<value>',
      })
      expect(refused.stderr).not.toContain('leave the row out')
      const undone = await attempts.rowgraft(['undo', '--yes', '--setting', 'app.actor=me'])
      expect(undone.exit, undone.stderr).toBe(0)
      expect(await query(attempts.live, 'select id from txn')).toEqual([{ id: '2' }])
      expect(await query(attempts.live, 'select who, op from audit')).toEqual([{ who: 'me', op: 'DELETE' }])
    })
  })

  test('but not one that is made, nor where a trigger raises for another reason', async () => {
    const body = `if current_setting('app.actor', true) = 'me' then raise 'not you'; end if;`
    await withAttempts(audited(body), async (attempts) => {
      const { stderr } = await attempts.rowgraft(['restore', 'txn', '1', '--yes', '--setting', 'app.actor=me'])
      expect(stderr).toContain('A trigger raised this; leave the row out, or switch triggers off')
    })
  })
})
