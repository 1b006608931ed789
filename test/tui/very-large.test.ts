/** Tables that are read only when somebody asks: on small ones, with low limits. */
import { describe, expect, test } from 'vitest'
import { reduce } from '../../src/tui/reduce/reduce.ts'
import { makeState } from '../../src/tui/state/first-state.ts'
import { beginWork } from '../../src/tui/state/jobs.ts'
import { defaultLimits, isVeryLarge } from '../../src/tui/state/limits.ts'
import { screenOf } from '../../src/tui/state/state.ts'
import { withDatabases } from '../support/databases.ts'
import { withClient } from '../support/queries.ts'
import { type Screens, withScreens } from '../support/screens.ts'

const limits = { rows: 1_000, bytes: 2 ** 40 }

const shop = {
  schema: `create table customer (id serial primary key, name text);
    create table orders (id serial primary key, customer_id integer not null references customer on delete cascade, total numeric);
    create table event (id serial primary key, customer_id integer not null references customer on delete cascade, what text);
    create index on event (customer_id);
    create table audit_log (id serial primary key, what text)`,
  backup: `insert into customer (name) values ('Ida'), ('Ola'), ('Eva');
    insert into orders (customer_id, total) select 1 + n % 3, n from generate_series(1, 12) n;
    insert into event (customer_id, what) select 1 + n % 3, 'did ' || n from generate_series(1, 1200) n;
    insert into audit_log (what) select 'line ' || n from generate_series(1, 2000) n;
    analyze event, audit_log`,
  live: `begin; delete from customer where id = 1; commit;
    begin; delete from audit_log where id between 7 and 9; commit; analyze event, audit_log`,
}

const withShop = (
  work: (screens: Screens, live: string) => Promise<void>,
  options: Partial<typeof limits> = {},
): Promise<void> =>
  withDatabases(shop, (databases) =>
    withScreens(databases, { limits: { ...limits, ...options } }, (screens) => work(screens, databases.live)),
  )

/** The line of the screen that tells of something. */
const lineOf = ({ frame }: Screens, text: string): string =>
  frame()
    .split('\n')
    .find((line) => line.includes(text)) ?? ''

const showsAs = (name: string, screens: Screens): Promise<void> =>
  expect(`${screens.frame()}\n`).toMatchFileSnapshot(`screens/80x24/${name}.txt`)

describe('the first screen', () => {
  test('comes up without very large tables, and says so', async () => {
    await withShop(async (screens) => {
      await showsAs('very-large-incidents', screens)
      expect(screens.state().incidents?.incidents.map(({ table, rows }) => [table, rows])).toEqual([
        ['public.customer', 5],
      ])
    })
  })

  test('does not read them', async () => {
    await withShop(async (screens, live) => {
      await withClient(live, async (client) => {
        // Whatever reads them waits for the lock, and gives up.
        await client.query('begin; lock table event, audit_log in access exclusive mode')
        await screens.press('ctrl-r', 't')
        expect(screens.state().message).toBe(null)
        expect([...screens.state().counts.keys()].sort()).toEqual(['public.customer', 'public.orders'])
      })
    })
  })

  test('looks at them when asked, and goes on doing so', async () => {
    await withShop(async (screens) => {
      expect(await screens.press('M')).not.toContain('not looked at')
      const found = () => screens.state().incidents?.incidents.map(({ table, rows }) => [table, rows])
      const all = [
        ['public.customer', 405],
        ['public.audit_log', 3],
      ]
      expect(found()).toEqual(all)
      await screens.press('ctrl-r')
      expect(found()).toEqual(all)
      expect(await screens.press('M')).toContain('M: none is left out')
    })
  })

  test('says of one table that it is one', async () => {
    await withShop(
      async ({ frame }) => {
        expect(frame()).toContain('1 very large table is not looked at: audit_log. M looks at it too.')
      },
      { rows: 1_500 },
    )
  })

  test('with nothing missing in the others does not say that nothing is', async () => {
    const sql = { ...shop, live: 'delete from audit_log where id = 7' }
    await withDatabases(sql, (databases) =>
      withScreens(databases, { limits }, async ({ frame, press }) => {
        expect(frame()).toContain('2 very large tables are not looked at: audit_log, event. M looks at them too.')
        expect(frame()).toMatch(/as far as\s+tables were looked at/)
        expect(await press('M')).toContain('1 incident · 1 row missing in 1 table')
      }),
    )
  })
})

test('what was lost is looked for in all tables where their sizes cannot be had', () => {
  const addresses = { live: 'a', backup: 'b', profile: null }
  const [state] = beginWork(makeState({ addresses, size: { columns: 80, rows: 24 }, isReadOnly: false }), {
    kind: 'tables',
  })
  const error = { kind: 'error', text: 'the server said no' } as const
  const result = { type: 'failed', code: 'server-error', error, statement: null } as const
  const [next, ...effects] = reduce(state, { type: 'result', ticket: state.tickets, now: 0, result })
  expect(next.message).toEqual(error)
  expect(effects).toEqual([{ do: 'work', ticket: next.tickets, work: { kind: 'incidents', without: [] } }])
})

test('very large is what has more than 5 million rows, or more than 4 GB', () => {
  const table = { table: 't', kind: '', identity: [], isJunction: false, relations: [], drift: [], refusal: null }
  const judge = (rows: number | null, bytes: number): boolean =>
    isVeryLarge({ ...table, restorable: true, size: { rows, bytes } }, defaultLimits)
  expect([judge(5_000_000, 4_294_967_296), judge(5_000_001, 0), judge(null, 4_294_967_297)]).toEqual([
    false,
    true,
    true,
  ])
  expect(isVeryLarge({ ...table, restorable: true, size: null }, defaultLimits)).toBe(false)
})

describe('what is picked on it', () => {
  test('is planned as it was found, with what belongs to it in very large tables', async () => {
    await withShop(async ({ press, frame, state }) => {
      await press('space', 'r')
      expect(state().planned?.plan.steps.map(({ table, rows }) => [table, rows])).toEqual([
        ['public.customer', 1],
        ['public.event', 400],
        ['public.orders', 4],
      ])
      expect(await press('R')).toContain('verified against the backup, committed')
      await press('i')
      expect(frame()).toContain('2 very large tables are not looked at')
    })
  })

  test('has no command that does the same: the command line looks at every table', async () => {
    await withShop(async ({ press, effects }) => {
      await press('y', 'space', 'r', 'y')
      expect(effects).toEqual([
        { do: 'copy', text: 'rowgraft restore plan.json' },
        { do: 'copy', text: 'rowgraft restore plan.json' },
      ])
    })
  })
})

describe('the tables', () => {
  test('that are very large are told by estimate', async () => {
    await withShop(async (screens) => {
      await screens.press('t')
      await showsAs('very-large-tables', screens)
    })
  })

  test('are counted one by one when asked', async () => {
    await withShop(async (screens) => {
      const { press, state } = screens
      await press('t', 'G', 'M')
      expect(lineOf(screens, 'event')).toMatch(/event +400 +· +0 +800/)
      expect(lineOf(screens, 'audit_log')).toContain('~2,000 rows, not counted')
      // Sorted by what is missing, it stands first now.
      expect(await press('g', 'M')).toContain('M: it is counted already')
      await press('m')
      expect(state().counts.get('public.event')?.states).toBe('everything')
      expect(state().counts.has('public.audit_log')).toBe(false)
    })
  })

  test('that somebody asked for are counted while others are', async () => {
    await withShop(async ({ press, touch, settled, state }) => {
      await press('t', 'G')
      touch('M')
      touch('k')
      touch('M')
      expect(state().jobs.map(({ tables }) => tables)).toEqual([['public.event'], ['public.audit_log']])
      touch('M')
      expect(state().message?.text).toBe('M: it is being counted')
      await settled()
      expect(state().counts.get('public.audit_log')?.diff.missing).toBe(3)
      expect(state().counts.get('public.event')?.diff.missing).toBe(400)
    })
  })

  test('stand among the others by their estimate where they are sorted by rows', async () => {
    await withShop(async ({ press, frame }) => {
      await press('t', 'o', 'o', 'o')
      const names = [...frame().matchAll(/^ [ ❯] +(customer|orders|event|audit_log)/gm)].map(([, name]) => name)
      expect(names).toEqual(['audit_log', 'event', 'orders', 'customer'])
    })
  })

  test('show their rows to whoever opens them', async () => {
    await withShop(async ({ press, state }) => {
      await press('t', 'G', 'enter')
      expect(screenOf(state())).toMatchObject({ at: 'rows', source: { table: 'public.event' } })
      expect([...state().rows.values()].map(({ list }) => list.length)).toEqual([400])
    })
  })

  test('may be very large by their bytes', async () => {
    await withShop(
      async (screens) => {
        await screens.press('t')
        expect(lineOf(screens, 'audit_log')).toMatch(/~2,000 rows, \d+ kB, not counted/)
      },
      { rows: 100_000, bytes: 100_000 },
    )
  })
})
