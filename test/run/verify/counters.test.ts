/** Triggers of a run that write into rows of the same run: counters, balances, touched times, totals of totals. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { hasPsql, psql } from '../../support/psql.ts'
import { dumpRows } from '../../support/queries.ts'
import { type Restores, withFolder, withRestores } from '../../support/restores.ts'

/** Topics with votes, which are counted apart. */
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

interface Case {
  readonly name: string
  readonly schema: string
  readonly backup: string
  readonly live?: string
  readonly args?: readonly string[]
  readonly isScripted?: false
  /** Tables that stay as live has them: totals that survived, and audits. */
  readonly except?: readonly string[]
  /** Tables with rows that an undo leaves to the triggers. */
  readonly stays?: readonly string[]
}

const cases: readonly Case[] = [
  { name: 'a row that counts rows of another table', schema: votes, backup: rain },
  {
    name: 'a counter that a statement-level trigger keeps by its transition table',
    schema: `${votes} drop trigger count_votes on vote;
      create function count_all() returns trigger language plpgsql as $$ begin
        update topic_stats s set votes = votes + n from (select topic_id, count(*) as n from changed group by 1) c
        where c.topic_id = s.topic_id; return null; end $$;
      create function uncount_all() returns trigger language plpgsql as $$ begin
        update topic_stats s set votes = votes - n from (select topic_id, count(*) as n from changed group by 1) c
        where c.topic_id = s.topic_id; return null; end $$;
      create trigger count_all after insert on vote referencing new table as changed for each statement execute function count_all();
      create trigger uncount_all after delete on vote referencing old table as changed for each statement execute function uncount_all();`,
    backup: rain,
  },
  {
    name: 'a counter kept by a deferred constraint trigger',
    schema: `${votes} drop trigger count_votes on vote;
      create constraint trigger count_votes after insert or delete on vote deferrable initially deferred
        for each row execute function count_votes();`,
    backup: rain,
  },
  {
    name: 'totals of totals, all of which come back',
    schema: `
      create table forum (id int primary key, votes int not null default 0);
      create table topic (id int primary key, forum_id int references forum on delete cascade, votes int not null default 0);
      create table vote (id int primary key, topic_id int references topic on delete cascade, weight int);
      create function to_topic() returns trigger language plpgsql as $$ begin
        if tg_op <> 'INSERT' then update topic set votes = votes - old.weight where id = old.topic_id; end if;
        if tg_op <> 'DELETE' then update topic set votes = votes + new.weight where id = new.topic_id; end if;
        return null; end $$;
      create function to_forum() returns trigger language plpgsql as $$ begin
        if tg_op <> 'INSERT' then update forum set votes = votes - old.votes where id = old.forum_id; end if;
        if tg_op <> 'DELETE' then update forum set votes = votes + new.votes where id = new.forum_id; end if;
        return null; end $$;
      create trigger to_topic after insert or update or delete on vote for each row execute function to_topic();
      create trigger to_forum after insert or update or delete on topic for each row execute function to_forum();`,
    backup: `insert into forum values (1), (2); insert into topic values (10, 1), (11, 1), (20, 2);
      insert into vote values (1, 10, 5), (2, 10, 7), (3, 11, 1), (4, 20, 2);`,
    live: 'delete from forum where id = 1',
    args: ['forum', '1'],
  },
  {
    name: 'a topic, while the total of its forum lives on',
    schema: `
      create table forum (id int primary key, votes int not null default 0);
      create table topic (id int primary key, forum_id int references forum, votes int not null default 0);
      create table vote (id int primary key, topic_id int references topic on delete cascade);
      create function to_topic() returns trigger language plpgsql as $$ begin
        if tg_op = 'INSERT' then update topic set votes = votes + 1 where id = new.topic_id;
        else update topic set votes = votes - 1 where id = old.topic_id; end if;
        return null; end $$;
      create function to_forum() returns trigger language plpgsql as $$ begin
        if tg_op <> 'INSERT' then update forum set votes = votes - old.votes where id = old.forum_id; end if;
        if tg_op <> 'DELETE' then update forum set votes = votes + new.votes where id = new.forum_id; end if;
        return null; end $$;
      create trigger to_topic after insert or delete on vote for each row execute function to_topic();
      create trigger to_forum after insert or update or delete on topic for each row execute function to_forum();`,
    backup: `insert into forum values (1); insert into topic values (1, 1), (2, 1);
      insert into vote values (1, 1), (2, 1), (3, 1), (4, 2);`,
    live: 'delete from topic where id = 1',
    args: ['topic', '1'],
  },
  {
    name: 'children and descendants counted within one tree',
    schema: `
      create table node (id int primary key, parent int references node on delete cascade, children int not null default 0, below bigint not null default 0);
      create function up() returns trigger language plpgsql as $$ declare n int := case tg_op when 'INSERT' then 1 else -1 end; begin
        update node set children = children + n where id = coalesce(new.parent, old.parent);
        with recursive a(id) as (select coalesce(new.parent, old.parent) union select parent from node join a using (id) where parent is not null)
        update node set below = below + n where id in (select id from a);
        return null; end $$;
      create trigger up after insert or delete on node for each row execute function up();`,
    backup:
      'insert into node values (1, null); insert into node values (2, 1), (3, 1); insert into node values (4, 2), (5, 2), (6, 4);',
    live: 'delete from node where id = 6; delete from node where id in (4, 5); delete from node where id = 2',
    args: ['node', '2'],
    stays: ['node'], // the trigger does not count rows that are deleted together
  },
  {
    name: 'totals that an update of a node adds to the one above, level by level',
    schema: `
      create table node (id int primary key, parent int references node on delete cascade, own int not null, total int not null default 0);
      create function start() returns trigger language plpgsql as $$ begin
        update node set total = total + new.own where id = new.id; return null; end $$;
      create function up() returns trigger language plpgsql as $$ begin
        update node set total = total + new.total - old.total where id = new.parent; return null; end $$;
      create trigger start after insert on node for each row execute function start();
      create trigger up after update of total on node for each row execute function up();`,
    backup: `insert into node values (1, null, 1);
      insert into node select i, i - 1, i from generate_series(2, 12) as i order by i;`,
    live: 'delete from node where id = 1',
    args: ['node', '1'],
  },
  {
    name: 'a balance of amounts, in numeric, under a quoted composite key and with a generated column',
    schema: `
      create schema "Bank Of";
      create table "Bank Of"."Account" ("Org" int, "No." text, "Balance, €" numeric(12, 2) not null default 0,
        doubled numeric generated always as ("Balance, €" * 2) stored, primary key ("Org", "No."));
      create table "Bank Of"."Entry" (id bigint generated always as identity primary key, org int, no text, amount numeric(12, 2) not null,
        foreign key (org, no) references "Bank Of"."Account" on delete cascade);
      create schema code;
      create function code.book() returns trigger language plpgsql as $$ begin
        if tg_op = 'INSERT' then update "Bank Of"."Account" set "Balance, €" = "Balance, €" + new.amount where "Org" = new.org and "No." = new.no;
        else update "Bank Of"."Account" set "Balance, €" = "Balance, €" - old.amount where "Org" = old.org and "No." = old.no; end if;
        return null; end $$;
      create trigger book after insert or delete on "Bank Of"."Entry" for each row execute function code.book();`,
    backup: `insert into "Bank Of"."Account" values (1, 'a,b'), (1, 'c');
      insert into "Bank Of"."Entry" (org, no, amount) values (1, 'a,b', 10.10), (1, 'a,b', -3.05), (1, 'c', 7);`,
    live: `delete from "Bank Of"."Account" where "No." = 'a,b'`,
    args: ['"Bank Of"."Account"', '--all-missing'],
  },
  {
    name: 'the last post of a topic, and what its own triggers touch',
    schema: `
      create table topic (id int primary key, last_post_at timestamptz, last_post_id int, posters text[] not null default '{}', touched timestamptz);
      create table post (id int primary key, topic_id int references topic on delete cascade, author text, at timestamptz);
      create function posted() returns trigger language plpgsql as $$ begin
        update topic set last_post_at = new.at, last_post_id = new.id, posters = posters || new.author, touched = clock_timestamp()
        where id = new.topic_id; return null; end $$;
      create trigger posted after insert on post for each row execute function posted();`,
    backup: `insert into topic (id) values (1), (2);
      insert into post values (2, 1, 'bob', '2025-02-02'), (1, 1, 'ann', '2025-01-01'), (3, 2, 'cy', '2025-03-03');`,
    live: 'delete from topic where id = 1',
    args: ['topic', '1'],
  },
  {
    name: 'a counter in a partitioned table',
    schema: `
      create table topic (id int, day date, votes int not null default 0, primary key (id, day)) partition by range (day);
      create table topic_2025 partition of topic for values from ('2025-01-01') to ('2026-01-01');
      create table topic_2026 partition of topic for values from ('2026-01-01') to ('2027-01-01');
      create table vote (id int primary key, topic_id int, day date, foreign key (topic_id, day) references topic on delete cascade);
      create function counted() returns trigger language plpgsql as $$ begin
        update topic set votes = votes + 1 where id = new.topic_id and day = new.day; return null; end $$;
      create trigger counted after insert on vote for each row execute function counted();`,
    backup: `insert into topic values (1, '2025-05-05'), (1, '2026-05-05');
      insert into vote values (1, 1, '2025-05-05'), (2, 1, '2025-05-05'), (3, 1, '2026-05-05');`,
    live: `delete from topic where day = '2025-05-05'`,
    args: ['topic', '--all-missing'],
  },
  {
    name: 'a counter under a key that is handed out again',
    schema: `
      create table photo (id int generated by default as identity primary key, title text, comments bigint not null default 0);
      create table comment (id int generated by default as identity primary key, photo_id int references photo on delete cascade);
      create function counted() returns trigger language plpgsql as $$ begin
        update photo set comments = comments + case tg_op when 'INSERT' then 1 else -1 end where id = coalesce(new.photo_id, old.photo_id);
        return null; end $$;
      create trigger counted after insert or delete on comment for each row execute function counted();`,
    backup: `insert into photo (title) values ('a'), ('b'); insert into comment (photo_id) values (1), (1), (2);`,
    live: 'delete from photo where id = 1',
    args: ['photo', '1', '--keys', 'new'],
  },
  {
    name: 'an ordering that the trigger of the same table keeps (BEFORE)',
    schema: `
      create table item (id int primary key, list int, position int not null);
      create function make_room() returns trigger language plpgsql as $$ begin
        update item set position = position + 1 where list = new.list and position >= new.position and id <> new.id; return new; end $$;
      create function close_up() returns trigger language plpgsql as $$ begin
        update item set position = position - 1 where list = old.list and position > old.position; return null; end $$;
      create trigger make_room before insert on item for each row execute function make_room();
      create trigger close_up after delete on item for each row execute function close_up();`,
    backup: 'insert into item values (1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 1, 4);',
    live: 'delete from item where id = 2; delete from item where id = 3',
    args: ['item', '--all-missing'],
    stays: ['item'], // the same
  },
  {
    name: 'a closure table that triggers fill',
    schema: `
      create table node (id int primary key, parent int references node on delete cascade);
      create table path (above int references node on delete cascade, below int references node on delete cascade, depth int not null, primary key (above, below));
      create function paths() returns trigger language plpgsql as $$ begin
        insert into path select above, new.id, depth + 1 from path where below = new.parent union all select new.id, new.id, 0
        on conflict do nothing; return null; end $$;
      create trigger paths after insert on node for each row execute function paths();`,
    backup:
      'insert into node values (1, null); insert into node values (2, 1); insert into node values (3, 2), (4, 2);',
    live: 'delete from node where id = 2',
    args: ['node', '2'],
  },
  {
    name: "a row that a trigger makes under a key of its own, and another counts in, before the backup's takes its place",
    isScripted: false, // whether the made row was there before, a script has nobody to ask
    schema: `
      create table users (id int primary key, name text);
      create table profile (id int generated by default as identity primary key, user_id int not null unique references users on delete cascade,
        bio text not null default 'new here', posts int not null default 0);
      create table post (id int primary key, user_id int references users on delete cascade);
      create function make_profile() returns trigger language plpgsql as $$ begin
        insert into profile (user_id) values (new.id); return null; end $$;
      create function count_posts() returns trigger language plpgsql as $$ begin
        update profile set posts = posts + case tg_op when 'INSERT' then 1 else -1 end where user_id = coalesce(new.user_id, old.user_id);
        return null; end $$;
      create trigger make_profile after insert on users for each row execute function make_profile();
      create trigger count_posts after insert or delete on post for each row execute function count_posts();`,
    backup: `insert into users values (1, 'Ada'), (2, 'Ben'); insert into post values (1, 1), (2, 1), (3, 2);
      update profile set bio = 'I paint.' where user_id = 1;`,
    live: 'delete from users where id = 1',
    args: ['users', '1'],
  },
  {
    name: 'rows whose updates are audited',
    schema: `${votes}
      create table audit (id bigint generated always as identity primary key, what text, votes int);
      create function audit() returns trigger language plpgsql as $$ begin
        insert into audit (what, votes) values (tg_op, new.votes); return null; end $$;
      create trigger audit after insert or update on topic_stats for each row execute function audit();`,
    backup: rain,
    except: ['audit'],
    stays: ['audit'],
  },
]

const rowsOf = async (url: string, except: readonly string[] = []): Promise<readonly string[]> =>
  (await dumpRows(url)).filter((row) => !except.some((table) => row.startsWith(`public.${table}\t`)))

const start = ({ schema, backup, live = 'delete from topic where id = 1' }: Case) => ({ schema, backup, live })

const argsOf = ({ args = ['topic', '1'] }: Case): readonly string[] => args

const withoutKeys = (rows: readonly string[]): readonly string[] => rows.map((row) => row.replace(/,?\d+/g, '')).sort()

/** What live is to be: the backup's rows, key for key unless they are made anew. */
const expectAsInBackup = async ({ live, backup }: Pick<Restores, 'live' | 'backup'>, each: Case): Promise<void> => {
  const [is, was] = [await rowsOf(live, each.except), await rowsOf(backup, each.except)]
  if (argsOf(each).includes('new')) expect(withoutKeys(is)).toEqual(withoutKeys(was))
  else expect(is).toEqual(was)
}

describe.concurrent('rows that triggers of the run write as well come back as the backup has them, and go again', () => {
  test.each(cases)('$name', { timeout: 60_000 }, async (each) => {
    await withRestores(start(each), async (restores) => {
      const { env, live } = restores
      const before = await rowsOf(live, each.stays)
      const restored = await command(['restore', ...argsOf(each), '--yes'], { env })
      expect(restored.exit, `${restored.stdout}${restored.stderr}`).toBe(0)
      await expectAsInBackup(restores, each)
      expect((await command(['verify'], { env })).exit).toBe(0)
      const again = await command(['plan', ...argsOf(each), '--json'], { env })
      expect((JSON.parse(again.stdout) as { steps: unknown }).steps).toEqual([])
      const after = await rowsOf(live, each.stays)
      const undone = await command(['undo', '--yes'], { env })
      expect(undone.exit, `${undone.stdout}${undone.stderr}`).toBe(0)
      expect(await rowsOf(live, each.stays), 'an undo gives the start back').toEqual(before)
      const [, undo = ''] = /Undo: rowgraft undo (\w+)/.exec(undone.stdout) ?? []
      const redone = await command(['undo', undo, '--yes'], { env })
      expect(redone.exit, `${redone.stdout}${redone.stderr}`).toBe(0)
      expect(await rowsOf(live, each.stays), 'and its undo what was restored').toEqual(after)
    })
  })

  test.skipIf(!hasPsql).each(cases.filter(({ isScripted }) => isScripted !== false))(
    'by a script: $name',
    { timeout: 60_000 },
    async (each) => {
      await withRestores(start(each), (restores) =>
        withFolder(async (folder) => {
          const script = join(folder, 'restore.sql')
          const planned = await command(['plan', ...argsOf(each), '--sql', script], { env: restores.env })
          expect(planned.exit, planned.stderr).toBe(0)
          const { exit, stderr } = await psql(restores.live, script, '-v', 'commit=1')
          expect(`${exit} ${stderr}`).toBe('0 ')
          await expectAsInBackup(restores, each)
        }),
      )
    },
  )
})
