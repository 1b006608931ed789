/** Writing without the server's triggers: what those would have checked is checked all the same (F4, A6). */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Attempts, asRole, refuse, withAttempts } from '../support/attempts.ts'
import type { DatabaseSql } from '../support/databases.ts'
import { query } from '../support/queries.ts'

const shop = {
  schema: `
    create table owner (id integer primary key, code text unique);
    create table item (id integer primary key, owner integer references owner, code text references owner (code),
      a integer, b integer, foreign key (a, b) references pair match full,
      slot integer constraint slot_once unique deferrable initially deferred,
      span int4range, constraint span_apart exclude using gist (span with &&) deferrable initially deferred);
    create table loud (id integer);
    create function shout() returns trigger language plpgsql as $$ begin insert into loud values (new.id); return null; end $$;
    create trigger shout after insert on item for each row execute function shout();
    create trigger shout_always after insert on item for each row execute function shout();
    create trigger shout_replica after insert on item for each row execute function shout();
    alter table item enable always trigger shout_always; alter table item enable replica trigger shout_replica;`,
  backup: `insert into owner values (1, 'one'), (2, 'two');
    insert into item values (1, 1, 'two', null, null, 5, '[1,4]'), (2, 2, 'one', null, null, 6, '[10,14]'); delete from loud`,
  live: 'delete from item where id = 1',
}

const whole = { ...shop, schema: `create table pair (a integer, b integer, primary key (a, b)); ${shop.schema}` }

const bulk = ['restore', 'item', '1', '--bulk', '--yes']

/** Makes a plan, lets something happen to live, and runs the plan. */
const meanwhile = async (
  sql: DatabaseSql,
  happens: string,
  work: (attempts: Attempts, argv: readonly string[]) => Promise<void>,
): Promise<void> =>
  withAttempts(sql, async (attempts) => {
    const plan = join(attempts.journal, 'plan.json')
    const { exit, stderr } = await attempts.rowgraft(['plan', 'item', '1', '--bulk', '--out', plan])
    expect(exit, stderr).toBe(0)
    await query(attempts.live, happens)
    await work(attempts, ['restore', plan, '--yes'])
  })

describe('--bulk', () => {
  test('names the triggers that do not fire, fires those made for it, and can be undone', async () => {
    await withAttempts(whole, async ({ rowgraft, live }) => {
      const { exit, stdout, stderr } = await rowgraft(bulk)
      expect(exit, stderr).toBe(0)
      const words = stdout.replace(/\s+/g, ' ')
      expect(words).toContain(
        'Does not fire item.shout (insert). Fires all the same: item.shout_always (insert), item.shout_replica (insert).',
      )
      expect(words).toContain('foreign keys and deferrable constraints are checked afterwards')
      expect(await query(live, 'select count(*) from loud')).toEqual([{ count: '2' }])
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
    })
  })

  // Whatever is wrong is put there behind the back of the server, as other sessions with triggers off do.
  const behind = (sql: string): string => `set session_replication_role = replica; ${sql}`

  test.each([
    ['an orphan', 'delete from owner where id = 1', '1 row of "public.item" breaks "item_owner_fkey"'],
    ['an orphan of a unique key', `update owner set code = 'new' where id = 2`, 'breaks "item_code_fkey"'],
    ['a duplicate', `insert into item (id, slot) values (3, 5)`, 'breaks "slot_once"'],
    ['an overlap', `insert into item (id, span) values (3, '[4,5]')`, 'breaks "span_apart"'],
  ])('catches %s', async (_, happens, says) => {
    await meanwhile(whole, behind(happens), async (attempts, argv) => {
      await refuse(attempts, argv, { exit: 5, says: [says], hint: '--triggers fire' })
    })
  })

  test('catches half a reference under MATCH FULL', async () => {
    const half = {
      ...whole,
      backup: `${whole.backup}; set session_replication_role = replica; update item set a = 1 where id = 1`,
    }
    await withAttempts(half, async (attempts) => {
      await refuse(attempts, bulk, { exit: 5, says: ['breaks "item_a_b_fkey"'] })
    })
  })

  test('catches rows that refer to a key which an update takes away', async () => {
    const changed = {
      schema: `create table owner (id integer primary key, code text unique);
        create table item (id integer primary key, code text references owner (code) on update cascade)`,
      backup: `insert into owner values (1, 'old'); insert into item values (1, 'old')`,
      live: `update owner set code = 'new'`,
    }
    await withAttempts(changed, async (attempts) => {
      const argv = ['restore', 'owner', '1', '--columns', 'code', '--yes']
      await refuse(attempts, [...argv, '--bulk'], { exit: 5, says: ['1 row of "public.item" breaks "item_code_fkey"'] })
    })
  })

  test('is refused with the GRANT it needs, to a role that may not switch triggers off', async () => {
    await withAttempts(whole, async (attempts) => {
      const role = `app_${randomBytes(5).toString('hex')}`
      await query(
        attempts.live,
        `create role ${role} login password '${role}'; grant all on all tables in schema public to ${role}`,
      )
      const env = { ROWGRAFT_LIVE: asRole(attempts.live, role) }
      const [row] = await query(attempts.live, 'show server_version_num')
      const hasGrant = Number(row?.server_version_num) >= 150_000
      const says = [hasGrant ? `grant set on parameter session_replication_role to ${role};` : 'superusers']
      await refuse(attempts, bulk, { exit: 4, says: ['may not switch triggers off', ...says] }, { env })
      if (!hasGrant) return
      await query(attempts.live, `grant set on parameter session_replication_role to ${role}`)
      const { exit, stderr } = await attempts.rowgraft(bulk, { env })
      await query(attempts.live, `revoke set on parameter session_replication_role from ${role}`)
      expect(exit, stderr).toBe(0)
    })
  })

  test('does not go with --triggers fire', async () => {
    await withAttempts(whole, async (attempts) => {
      await refuse(attempts, [...bulk, '--triggers', 'fire'], { exit: 2, says: ['--bulk writes without triggers'] })
    })
  })

  test('does not keep a trigger from reaching outside that fires always', async () => {
    const outward = {
      schema: `create table item (id integer primary key);
        create function tell() returns trigger language plpgsql as $$ begin perform pg_notify('a', 'b'); return null; end $$;
        create trigger tell after insert on item for each row execute function tell();
        alter table item enable always trigger tell`,
      backup: 'insert into item values (1)',
      live: 'delete from item',
    }
    await withAttempts(outward, async (attempts) => {
      await refuse(attempts, bulk, { exit: 4, says: ['1 conflict needs an answer'] })
      expect((await attempts.rowgraft(['restore', 'item', '1', '--triggers', 'fire', '--yes'])).exit).toBe(0)
    })
  })
})
