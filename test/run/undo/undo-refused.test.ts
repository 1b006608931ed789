/** What happened to the rows of a run since then is not taken back with it: such an undo is refused. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Plan, Rowgraft } from '../../../src/index.ts'
import { dumpRows, query, withClient } from '../../support/queries.ts'
import { expectFailure, gallery, pets, type Restores, waitForSession, withRestores } from '../../support/restores.ts'

const restore = ({ withOpen }: Restores, options = {}): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, options)))

const undo = ({ withOpen }: Restores, run?: string): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan(run)))

/** Restores, lets something happen in live, and expects an undo to refuse and to change nothing. */
const expectRefused = async (
  happens: string,
  says: RegExp | string,
  { schema = '', sql = gallery }: { readonly schema?: string; readonly sql?: typeof gallery } = {},
): Promise<void> => {
  await withRestores({ ...sql, schema: sql.schema + schema }, async (restores) => {
    await restore(restores)
    await query(restores.live, happens)
    const before = await dumpRows(restores.live)
    await expectFailure(undo(restores), 'undo-refused', says)
    expect(await dumpRows(restores.live)).toEqual(before)
    const states = await restores.withOpen(async (rowgraft) => (await rowgraft.runs()).map(({ state }) => state))
    expect(states).toEqual(states.length === 1 ? ['committed'] : ['rolled-back', 'committed'])
  })
}

describe.concurrent('an undo is refused once', () => {
  test.each([
    [
      'a row it would delete was changed',
      `update comment set body = 'edited' where id = 11`,
      /changed since[\s\S]*public.comment 11/,
    ],
    [
      'a row it would delete is gone',
      'delete from comment where id = 12',
      /1 of 2 live rows of "public.comment" are gone/,
    ],
    [
      'a row it would put back was moved on',
      'update photo set gallery_id = 8 where id = 1',
      /changed since[\s\S]*public.photo 1/,
    ],
    ['a row it would put back was edited elsewhere', `update photo set title = 'tiger' where id = 1`, /changed since/],
    [
      'a new row would go with it (CASCADE)',
      `insert into comment (gallery_id, body) values (7, 'new')`,
      /"public.comment" refer to rows/,
    ],
    [
      'a new row would be unhooked by it (SET NULL)',
      `insert into photo (title, gallery_id) values ('new', 7)`,
      /"public.photo" refer to rows/,
    ],
    [
      'an older row was moved below it',
      'update photo set gallery_id = 7 where id = 3',
      /"public.photo" refer to rows[\s\S]*public.photo 3/,
    ],
  ])('%s', async (_, happens, says) => {
    await expectRefused(happens, says)
  })

  test.each([
    ['SET DEFAULT', 'gallery_id integer default null references gallery on delete set default'],
    ['NO ACTION', 'gallery_id integer references gallery'],
    [
      'CASCADE and no primary key, behind columns that cannot be ordered',
      'about json, place point, gallery_id integer references gallery on delete cascade',
    ],
    ['CASCADE and a unique slug for a target', 'slug text references gallery (slug) on delete cascade'],
  ])('a row of a table with %s refers to it', async (_, columns) => {
    const [value, column] = columns.startsWith('slug') ? [`'pets'`, 'slug'] : ['7', 'gallery_id']
    const schema = `create table visit (${columns});`
    await expectRefused(
      `insert into visit (${column}) values (${value})`,
      /"public.visit" refer to rows of "public.gallery"/,
      { schema },
    )
  })

  test.each([
    [
      'to a single partition',
      'create table guest (event integer, day date, foreign key (event, day) references event_2026 on delete cascade)',
    ],
    [
      'of a single partition',
      `create table guest (event integer, day date) partition by list (event);
       create table guest_1 partition of guest (foreign key (event, day) references event on delete cascade) for values in (1)`,
    ],
    [
      'of a table that another one inherits from',
      `create table guest (event integer, day date, foreign key (event, day) references event on delete cascade);
       create table host () inherits (guest)`,
    ],
  ])('a row refers to it through a key %s', async (_, guests) => {
    const parts = {
      schema: `create table event (id integer, day date, primary key (id, day)) partition by range (day);
        create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');
        ${guests};`,
      backup: `insert into event values (1, '2026-03-01'), (2, '2026-04-01')`,
      live: 'delete from event where id = 1',
    }
    await withRestores(parts, async (restores) => {
      const all = { selectors: [{ by: 'all missing', table: 'event' }], columns: null } as const
      await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(all)))
      await query(restores.live, `insert into guest (event, day) values (1, '2026-03-01')`)
      await expectFailure(undo(restores), 'undo-refused', /"public.guest(_1)?" refer to rows of "public.event"/)
      expect(await query(restores.live, 'select count(*) from guest')).toEqual([{ count: '1' }])
    })
  })

  test('a row refers to it in a schema that the role may not look into', async () => {
    const role = `rowgraft_${randomBytes(4).toString('hex')}`
    const schema = `create schema secret; create table secret.note (gallery integer references public.gallery on delete cascade);`
    await withRestores({ ...gallery, schema: gallery.schema + schema }, async (restores) => {
      const { live } = restores
      await query(
        live,
        `create role ${role} login password 'r'; grant all on all tables in schema public to ${role};
        grant all on all sequences in schema public to ${role}`,
      )
      try {
        const url = new URL(live)
        url.username = role
        url.password = 'r'
        const own = { live: url.href }
        await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets)), own)
        await query(live, 'insert into secret.note values (7)')
        const before = await dumpRows(live)
        await expectFailure(
          restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan()), own),
          'missing-privileges',
          'may not read "secret.note"',
        )
        expect(await dumpRows(live)).toEqual(before)
      } finally {
        await query(live, `drop owned by ${role}; drop role ${role}`)
      }
    })
  })

  test('a row refers to it that is inserted while the undo is under way', async () => {
    const slow = `create table gate (id integer primary key); insert into gate values (1);
      create function wait() returns trigger language plpgsql as $$ begin perform 1 from gate for update; return old; end $$;
      create trigger wait before delete on comment for each row execute function wait();`
    await withRestores({ ...gallery, live: `${gallery.live};${slow}` }, async (restores) => {
      const { live } = restores
      const before = await dumpRows(live)
      await restore(restores)
      await withClient(live, async (other) => {
        await other.query('begin; select 1 from gate for update')
        const work = undo(restores)
        await waitForSession(live, `wait_event_type = 'Lock'`)
        // The gallery is locked by now: nothing can come to hang in it.
        await withClient(live, async (third) => {
          await third.query(`set lock_timeout = '100ms'`)
          await expect(third.query(`insert into photo (title, gallery_id) values ('new', 7)`)).rejects.toThrow(
            'lock timeout',
          )
        })
        await other.query('rollback')
        await work
      })
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('its table was altered', async () => {
    await withRestores(gallery, async (restores) => {
      await restore(restores)
      await query(restores.live, 'alter table comment add column mood text')
      await expectFailure(undo(restores), 'undo-refused', 'was altered after run')
      await query(restores.live, 'alter table comment rename to remark')
      await expectFailure(undo(restores), 'undo-refused', 'gone from live')
    })
  })

  test('the run was undone, and a plan made before that is refused as well', async () => {
    await withRestores(gallery, async (restores) => {
      await restore(restores)
      const [run] = await restores.withOpen((rowgraft) => rowgraft.runs())
      const made: Plan = await restores.withOpen((rowgraft: Rowgraft) => rowgraft.undoPlan())
      await undo(restores)
      const before = await dumpRows(restores.live)
      await expectFailure(undo(restores, run?.run), 'undo-refused', 'has been undone')
      await expectFailure(
        restores.withOpen((rowgraft) => rowgraft.run(made)),
        'undo-refused',
      )
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test('live is another database', async () => {
    await withRestores(gallery, async (restores) => {
      await restore(restores)
      const plan = await restores.withOpen((rowgraft) => rowgraft.undoPlan())
      await withRestores(gallery, async (others) => {
        await expectFailure(
          others.withOpen((rowgraft) => rowgraft.undoPlan(), { journal: restores.journal }),
          'unknown-run',
        )
        await expectFailure(
          others.withOpen((rowgraft) => rowgraft.run(plan)),
          'wrong-database',
        )
      })
    })
  })
})
