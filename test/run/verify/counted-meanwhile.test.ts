/** Rows that triggers of a run change and that are not simply set back: live counted on meanwhile, or the row's own triggers had a hand in it. */
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { type Restores, withRestores } from '../../support/restores.ts'

const votes = `
  create table topic (id int primary key, title text);
  create table topic_stats (topic_id int primary key references topic on delete cascade, votes int not null default 0);
  create table vote (topic_id int references topic on delete cascade, voter text, primary key (topic_id, voter));
  create function count_votes() returns trigger language plpgsql as $$ begin
    if tg_op = 'INSERT' then update topic_stats set votes = votes + 1 where topic_id = new.topic_id;
    else update topic_stats set votes = votes - 1 where topic_id = old.topic_id; end if;
    return null; end $$;
  create trigger count_votes after insert or delete on vote for each row execute function count_votes();`

const rain = `
  insert into topic values (1, 'rain'), (2, 'snow');
  insert into topic_stats values (1, 0), (2, 0);
  insert into vote values (1, 'ann'), (1, 'bob'), (1, 'cy'), (2, 'ann');`

/** Both the votes and the row that counts them. */
const both = ['--select', 'vote?topic_id = 1', '--select', 'topic_stats:1']

const restore = ({ env }: Restores, ...args: readonly string[]) =>
  command(['restore', ...args, '--yes', '--json'], { env })

const errorOf = (stdout: string): string => {
  const { error } = JSON.parse(stdout) as { error: { message: string; detail?: string; hint?: string } }
  return [error.message, error.detail, error.hint].join('\n')
}

const votesOf = async ({ live }: Restores): Promise<string | null | undefined> =>
  (await query(live, 'select votes from topic_stats where topic_id = 1'))[0]?.votes

const expectUndone = async (restores: Restores, before: readonly string[]): Promise<void> => {
  const undone = await command(['undo', '--yes'], { env: restores.env })
  expect(undone.exit, `${undone.stdout}${undone.stderr}`).toBe(0)
  expect(await dumpRows(restores.live)).toEqual(before)
}

describe.concurrent('a counter of live that is overwritten', () => {
  test('keeps what live has counted since, where it had discounted what comes back', async () => {
    const live = `delete from vote where topic_id = 1; insert into vote values (1, 'dan')`
    await withRestores({ schema: votes, backup: rain, live }, async (restores) => {
      const before = await dumpRows(restores.live)
      const { exit, stdout } = await restore(restores, ...both, '--on-conflict', 'topic_stats=overwrite')
      expect(exit, stdout).toBe(0)
      expect(await votesOf(restores)).toBe('4')
      expect(JSON.parse(stdout)).toMatchObject({
        setBack: [],
        kept: [{ table: 'public.topic_stats', column: 'votes', rows: 1 }],
      })
      expect((await command(['verify'], { env: restores.env })).exit).toBe(0)
      await expectUndone(restores, before)
    })
  })

  test('becomes what the backup has, where triggers count it up to that', async () => {
    const live = 'delete from vote where topic_id = 1'
    await withRestores({ schema: votes, backup: rain, live }, async (restores) => {
      const before = await dumpRows(restores.live)
      const { exit, stdout } = await restore(restores, ...both, '--on-conflict', 'topic_stats=overwrite')
      expect(exit, stdout).toBe(0)
      expect(await votesOf(restores)).toBe('3')
      expect(JSON.parse(stdout)).toMatchObject({ kept: [] })
      await expectUndone(restores, before)
    })
  })

  test('is refused where nobody can tell what is counted twice, and left to the user with both numbers', async () => {
    const live = `alter table vote disable trigger all; delete from vote where topic_id = 1;
      alter table vote enable trigger all; insert into vote values (1, 'dan')`
    await withRestores({ schema: votes, backup: rain, live }, async (restores) => {
      const before = await dumpRows(restores.live)
      const args = [...both, '--on-conflict', 'topic_stats=overwrite']
      const refused = await restore(restores, ...args)
      expect(refused.exit).toBe(5)
      expect(errorOf(refused.stdout)).toContain('public.topic_stats 1: was 4, by triggers 7, in the backup 3')
      expect(await dumpRows(restores.live)).toEqual(before)
      const accepted = await restore(restores, ...args, '--accept-trigger', 'topic_stats.votes')
      expect(accepted.exit, accepted.stdout).toBe(0)
      // What is left to the triggers is not written: the row has nothing else to take.
      expect(await votesOf(restores)).toBe('7')
      expect(JSON.parse(accepted.stdout)).toMatchObject({ tables: [{ table: 'public.vote', updated: 0 }], kept: [] })
      await expectUndone(restores, before)
    })
  })
})

describe.concurrent("what a row's own triggers make of it", () => {
  const stamp = (on: string, body: string): string => `
    create function stamp() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
    create trigger stamp before ${on} on topic_stats for each row execute function stamp();`

  test('is asked about by the columns that cannot be set back alone, and counters are right whatever is accepted', async () => {
    const schema = `${votes} alter table topic_stats add touched timestamptz, add version int not null default 1;
      ${stamp('update', 'new.touched := clock_timestamp(); new.version := old.version + 1;')}`
    await withRestores({ schema, backup: rain, live: 'delete from topic where id = 1' }, async (restores) => {
      const before = await dumpRows(restores.live)
      const refused = await restore(restores, 'topic', '1')
      expect(refused.exit).toBe(5)
      const [, flag = ''] = /--accept-trigger (\S+),/.exec(errorOf(refused.stdout)) ?? []
      expect(flag).toBe('public.topic_stats.touched,public.topic_stats.version')
      const followed = await restore(restores, 'topic', '1', '--accept-trigger', `${flag},topic_stats.votes`)
      expect(followed.exit, followed.stdout).toBe(0)
      expect(await votesOf(restores)).toBe('3')
      expect(JSON.parse(followed.stdout)).toMatchObject({
        triggerChanges: [{ column: 'touched' }, { column: 'version' }],
        notUndone: [],
      })
      await expectUndone(restores, before)
    })
  })

  test('is no reason to accept what other rows count on top of it', async () => {
    const schema = `${votes} ${stamp('insert', 'new.votes := new.votes + 10;')}`
    const backup = `alter table topic_stats disable trigger stamp; ${rain} alter table topic_stats enable trigger stamp;`
    await withRestores({ schema, backup, live: 'delete from topic where id = 1' }, async (restores) => {
      const refused = await restore(restores, 'topic', '1')
      expect(refused.exit).toBe(5)
      expect(errorOf(refused.stdout)).toContain('votes: changed as the row came in, and again by other rows')
      expect(errorOf(refused.stdout)).not.toContain('--accept-trigger')
      const off = await restore(restores, 'topic', '1', '--triggers', 'off')
      expect(off.exit, off.stdout).toBe(0)
      expect(await votesOf(restores)).toBe('3')
    })
  })

  test('may be what the counting comes to', async () => {
    const schema = `${votes} ${stamp('insert', 'new.votes := 0;')}`
    await withRestores({ schema, backup: rain, live: 'delete from topic where id = 1' }, async (restores) => {
      const { exit, stdout } = await restore(restores, 'topic', '1')
      expect(exit, stdout).toBe(0)
      expect(await votesOf(restores)).toBe('3')
      expect(JSON.parse(stdout)).toMatchObject({ setBack: [], triggerChanges: [] })
    })
  })
})

test('parts of a plan do not count up what earlier parts brought back', async () => {
  const schema = `
    create table item (id int primary key, kind text);
    create table batch (kind text primary key, items int not null default 0);
    create function tallied() returns trigger language plpgsql as $$ begin
      update batch set items = items + 1 where kind = new.kind; return null; end $$;
    create trigger tallied after insert on item for each row execute function tallied();`
  const backup = `insert into batch values ('cup', 0), ('jug', 0);
    insert into item select n, case when n > 3 then 'cup' else 'jug' end from generate_series(1, 8) as n`
  await withRestores({ schema, backup, live: 'delete from item; delete from batch' }, async (restores) => {
    const start = await dumpRows(restores.live)
    const args = ['--select', 'batch:cup', '--select', 'batch:jug', '--select', 'item?true']
    const parted = await restore(restores, ...args, '--commit-every', '2')
    expect(parted.exit, parted.stdout).toBe(8)
    expect(JSON.parse(parted.stdout)).toMatchObject({ stopped: { detail: expect.stringContaining('public.batch') } })
    const undone = await command(['undo', '--yes'], { env: restores.env })
    expect(undone.exit, undone.stderr).toBe(0)
    expect(await dumpRows(restores.live)).toEqual(start)
    const whole = await restore(restores, ...args)
    expect(whole.exit, whole.stdout).toBe(0)
    expect(await dumpRows(restores.live)).toEqual(await dumpRows(restores.backup))
  })
})

describe.concurrent('rows that triggers of a run made below its own', () => {
  const people = `
    create table users (id int primary key, name text);
    create table profile (id int generated always as identity primary key, user_id int not null references users, bio text);
    create table setting (profile_id int references profile, name text, value text, primary key (profile_id, name));
    create table badge (id int primary key, user_id int references users);
    create function make_profile() returns trigger language plpgsql as $$ begin
      begin insert into profile (user_id, bio) values (new.id, 'new here'); exception when unique_violation then null; end;
      update badge set user_id = new.id where id = new.id;
      return null; end $$;
    create function make_setting() returns trigger language plpgsql as $$ begin
      insert into setting values (new.id, 'theme', 'light'), (new.id, 'lang', 'en'); return null; end $$;
    create trigger make_profile after insert on users for each row execute function make_profile();
    create trigger make_setting after insert on profile for each row execute function make_setting();`
  const backup = `insert into users values (1, 'Ada'), (2, 'Ben');`
  const live = `delete from setting where profile_id = 1; delete from profile where user_id = 1; delete from users where id = 1;`
  const args = ['users', '1', '--without', 'profile', '--without', 'setting']

  test('go with it, level by level', async () => {
    await withRestores({ schema: people, backup, live }, async (restores) => {
      const before = await dumpRows(restores.live)
      expect((await restore(restores, ...args)).exit).toBe(0)
      const after = await dumpRows(restores.live)
      expect(after).not.toEqual(before)
      await expectUndone(restores, before)
      const [newest] = await restores.withOpen((rowgraft) => rowgraft.runs())
      const redone = await command(['undo', newest?.run ?? '', '--yes'], { env: restores.env })
      expect(`${redone.exit}${redone.stdout}${redone.stderr}`).toMatch(/^0|trigger made rows/)
    })
  })

  test('stay, and are all named, once somebody has touched one of them', async () => {
    await withRestores({ schema: people, backup, live }, async (restores) => {
      expect((await restore(restores, ...args)).exit).toBe(0)
      await query(
        restores.live,
        `update profile set bio = 'mine' where user_id = 1; update setting set value = 'dark' where value = 'light';
        insert into badge values (9, 1)`,
      )
      const before = await dumpRows(restores.live)
      const undone = await command(['undo', '--yes'], { env: restores.env })
      expect(undone.exit).toBe(4)
      expect(undone.stderr).toMatch(
        /3 things stand in the way[\s\S]*public.profile 3[\s\S]*public.setting 3,theme[\s\S]*public.badge 9/,
      )
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test('are counted up by what comes back, and go with it all the same', async () => {
    const schema = `${votes}
      create function make_stats() returns trigger language plpgsql as $$ begin
        insert into topic_stats values (new.id, 0); return null; end $$;
      create trigger make_stats after insert on topic for each row execute function make_stats();`
    const rows = rain.replace('insert into topic_stats values (1, 0), (2, 0);', '')
    await withRestores({ schema, backup: rows, live: 'delete from topic where id = 1' }, async (restores) => {
      const before = await dumpRows(restores.live)
      const { exit, stdout } = await restore(restores, 'topic', '1', '--without', 'topic_stats')
      expect(exit, stdout).toBe(0)
      expect(await votesOf(restores)).toBe('3')
      await expectUndone(restores, before)
    })
  })

  test('are not confused with rows that a trigger has only moved there', async () => {
    await withRestores(
      { schema: people, backup, live: `${live} insert into badge values (1, null)` },
      async (restores) => {
        expect((await restore(restores, ...args)).exit).toBe(0)
        const before = await dumpRows(restores.live)
        const undone = await command(['undo', '--yes'], { env: restores.env })
        expect(undone.exit).toBe(4)
        expect(undone.stderr).toMatch(/"public.badge" refer to rows of "public.users"[\s\S]*public.badge 1/)
        expect(await dumpRows(restores.live)).toEqual(before)
      },
    )
  })
})
