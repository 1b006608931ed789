/** What can be chosen on the screens, on a small pair of databases: what the plan and the run then are. */
import { describe, expect, test } from 'vitest'
import { formatPlanFile } from '../../src/format/plan/plan-file.ts'
import { parsePlan } from '../../src/index.ts'
import { rowsOf, screenOf } from '../../src/tui/state/state.ts'
import { withDatabases } from '../support/databases.ts'
import { query } from '../support/queries.ts'
import { type ScreenOptions, type Screens, withScreens } from '../support/screens.ts'

const shop = {
  schema: `create table customer (id serial primary key, email text not null unique, name text,
      phone text default '1', city text default 'Oslo');
    create table orders (id serial primary key, customer_id integer not null references customer on delete cascade, total numeric)`,
  backup: `insert into customer (email, name) values ('ida@x', 'Ida'), ('ola@x', 'Ola'), ('eva@x', 'Eva');
    insert into orders (customer_id, total) select 1 + n % 3, n from generate_series(1, 12) n`,
  live: `begin; delete from customer where id = 1; commit;
    begin; update customer set name = 'Ola B.', email = 'olab@x' where id = 2; commit;
    begin; insert into customer (id, email, name) values (9, 'ida@x', 'Ida (new)'); commit`,
}

const withShop = (options: ScreenOptions, work: (screens: Screens, live: string) => Promise<void>): Promise<void> =>
  withDatabases(shop, (databases) => withScreens(databases, options, (screens) => work(screens, databases.live)))

const customers = (live: string) => query(live, 'select id, email, name from customer order by id')

describe('a conflict', () => {
  test('is asked with numbered answers, and one of them is taken', async () => {
    await withShop({}, async ({ press, frame, state }, live) => {
      expect(await press('space', 'r')).toContain('! customer 1: email ida@x belongs to live row 9')
      expect(frame()).toContain('Answer 1 question, then  R  restores')
      expect(await press('R')).toContain('1 question is still open')
      const attach = frame()
        .split('\n')
        .find((line) => line.includes('attach what belongs to it'))
      expect(attach).toMatch(/^ {5}2 attach .* to live row 9$/)
      expect(await press('2')).toContain('R  restores')
      expect(Object.values(state().answers)).toEqual(['match'])
      expect(await press('R')).toContain('verified against the backup, committed')
      expect(await query(live, 'select count(*) from orders where customer_id = 9')).toEqual([{ count: '4' }])
    })
  })

  test('can be answered by another value for what is taken', async () => {
    await withShop({}, async ({ press, frame, type }, live) => {
      await press('space', 'r')
      const beside = frame()
        .split('\n')
        .find((line) => line.includes('restore it beside 9, with another email'))
      await press(beside?.trim().slice(0, 1) ?? '', 'ctrl-u')
      await type('ida.old@x')
      await press('enter')
      expect(await press('R')).toContain('committed')
      expect((await customers(live)).at(0)).toEqual({ id: '1', email: 'ida.old@x', name: 'Ida' })
    })
  })
})

describe('the palette', () => {
  test('finds commands by words, says why one cannot be had, and does the one that Enter is pressed on', async () => {
    await withShop({}, async ({ press, type, state }, live) => {
      await press(':')
      expect(await type('review wri')).toMatch(/❯ r +review what would be written {2}\(not now: /)
      expect(await press('enter')).toContain('r: ')
      await press('space', ':')
      await type('zzz')
      expect(await press('enter')).toContain('1 picked')
      await press(':')
      await type('review wri')
      expect(await press('enter')).toContain('! customer 1: email ida@x belongs to live row 9')
      await press(':')
      await type('restore')
      expect(await press('enter')).toContain('1 question is still open')
      await press(':')
      expect(await press('down', 'esc')).toContain('Answer 1 question')
      expect(state().overlay).toBeNull()
      expect(await query(live, 'select count(*) from customer where id = 1')).toEqual([{ count: '0' }])
    })
  })
})

describe('a changed row', () => {
  const open = ['t', 'j', 'enter'] as const

  test('is put back in the columns that are picked, after it was asked once more', async () => {
    await withShop({}, async ({ press, frame, state }, live) => {
      await press(...open)
      const list = rowsOf(state(), { table: 'public.customer', incident: null })?.list
      const changed = Array.from({ length: list?.length ?? 0 }, (_, index) => index).findIndex(
        (index) => list?.stateAt(index) === 'changed',
      )
      await press(...Array.from({ length: changed }, () => 'down'), 'enter', 'space')
      expect(frame()).toMatch(/restore {2}\[x\] email {3}\[ \] name/)
      expect(await press('r', 'R')).toContain('later edits of them are lost')
      expect(await customers(live)).toContainEqual({ id: '2', email: 'olab@x', name: 'Ola B.' })
      expect(await press('y')).toContain('committed')
      expect(await customers(live)).toContainEqual({ id: '2', email: 'ola@x', name: 'Ola B.' })
    })
  })

  test('picked in the list is put back in all columns that differ', async () => {
    await withShop({}, async ({ press }, live) => {
      await press(...open, '/', '~', 'enter', 'a', 'r', 'R', 'y')
      expect(await customers(live)).toContainEqual({ id: '2', email: 'ola@x', name: 'Ola' })
    })
  })
})

describe('rows', () => {
  test('are filtered as one types, sorted by the server, and stay picked', async () => {
    await withShop({}, async ({ press, type, frame, state }) => {
      await press('t', 'enter', 'space', 'space')
      await press('/')
      await type('total > 9')
      expect(await press('enter')).toContain('filter: total > 9')
      expect(frame()).toContain('2 picked')
      await press('o', 'o')
      expect(frame()).toContain('by id ↓')
      expect(await press('esc')).not.toContain('filter:')
      expect(frame()).toContain('2 picked')
      expect(screenOf(state()).at).toBe('rows')
    })
  })

  test('say what is wrong with a filter while it is typed', async () => {
    await withShop({}, async ({ press, type, frame }) => {
      await press('t', 'enter', '/')
      await type('nome ~ x')
      expect(frame()).toContain('! "public.orders" has no column "nome"')
      await press('esc')
      expect(frame()).not.toContain('filter')
    })
  })

  test('are picked by range, inverted, and dropped', async () => {
    await withShop({}, async ({ press, frame }) => {
      await press('t', 'enter', 'v', 'j', 'j', 'v')
      expect(frame()).toContain('3 picked')
      expect(await press('*')).toContain('1 picked')
      expect(await press('a')).toContain('4 picked')
      expect(await press('A')).toContain('0 picked')
    })
  })
})

describe('the statement that is regretted', () => {
  test('is pasted, read, and picked', async () => {
    await withShop({}, async ({ paste, press, frame }) => {
      await paste('DELETE FROM orders\nWHERE total > 5')
      expect(await press('enter')).toContain('The DELETE hits 7 rows of orders in the backup')
      await press('esc')
      expect(frame()).toContain('1 picked')
    })
  })

  test('that cannot be read is refused, and nothing is picked', async () => {
    await withShop({}, async ({ press, type, frame }) => {
      await press('s')
      await type('delete everything')
      await press('enter')
      expect(frame()).toContain('0 picked')
      expect(frame()).toMatch(/^ ! /m)
    })
  })
})

test('below a row that is still there everything missing is picked', async () => {
  await withDatabases({ ...shop, live: 'delete from orders where customer_id = 2' }, async (databases) => {
    await withScreens(databases, {}, async ({ press, frame, state }) => {
      await press('t', 'enter', 'enter', 'j', 'f')
      expect(frame()).toContain('customer 2    = same')
      await press('c')
      expect(frame()).toContain('What comes along with  what is missing below customer 2')
      expect(state().planned?.plan.steps.map(({ table, rows }) => [table, rows])).toEqual([['public.orders', 4]])
    })
  })
})

describe('the plan', () => {
  test('that is saved is the one that rowgraft restore takes', async () => {
    const files = new Map<string, string>()
    const surroundings = {
      savePlan: async (path: string, plan: Parameters<typeof formatPlanFile>[0]) =>
        void files.set(path, formatPlanFile(plan)),
    }
    await withShop({ surroundings }, async ({ press, frame, state }) => {
      await press('space', 'r', '2', 'e', 'enter')
      expect(frame()).toContain('written: plan.json')
      expect(parsePlan(files.get('plan.json') ?? '').hash).toBe(state().planned?.plan.hash)
    })
  })

  test('is told as the command that does the same', async () => {
    await withShop({}, async ({ press, effects, state }) => {
      await press('space', 'r', '2', 'y')
      const id = [...state().picks.incidents.keys()][0]
      expect(effects).toEqual([
        { do: 'copy', text: `rowgraft restore --incident ${id} --on-conflict public.customer:1=match` },
      ])
    })
  })

  test('is written as a script, which says how to run it', async () => {
    await withShop({ surroundings: { saveScript: async () => undefined } }, async ({ press, frame }) => {
      expect(await press('space', 'r', 'S')).toContain('answer the questions first')
      await press('2', 'S', 'enter')
      expect(frame()).toContain('psql -v ON_ERROR_STOP=1 -f restore.sql')
    })
  })
})

describe('what may not be written', () => {
  test('read-only: everything but R, and why stands where R would be', async () => {
    await withShop({ isReadOnly: true }, async ({ press, frame }, live) => {
      const before = await customers(live)
      await press('space', 'r', '2')
      expect(frame()).toContain('started with --read-only')
      await press('R')
      expect(await press('x')).toContain('rolled back')
      expect(await customers(live)).toEqual(before)
    })
  })

  test('a protected live is named first, and by its own name', async () => {
    await withShop({ config: { protect: true } }, async ({ press, type, frame }, live) => {
      const name = new URL(live).pathname.slice(1)
      expect(await press('space', 'r', '2', 'R')).toContain('type the name of its database')
      await type('nonsense')
      expect(await press('enter')).toContain('that is not its name')
      await press('ctrl-u')
      await type(name)
      await press('enter')
      expect(frame()).toContain('committed')
    })
  })
})

test('leaving asks only where picks would be lost', async () => {
  await withShop({}, async ({ press, state, effects }) => {
    expect(await press('space', 'q')).toContain('1 pick would be lost')
    await press('N')
    expect(state().isLeaving).toBe(false)
    await press('A', 'q')
    expect(effects).toEqual([{ do: 'leave' }])
  })
})

test('a run that fails leaves picks as they are, and says that live is unchanged', async () => {
  await withShop({}, async ({ press, frame, state }, live) => {
    await press('space', 'r', '2')
    await query(live, 'alter table orders add column note text not null default now()::text')
    await press('R')
    expect(frame()).toContain('Live is unchanged. What you picked is still picked')
    expect(state().picks.incidents.size).toBe(1)
    expect(screenOf(state()).at).toBe('failed')
  })
})

test('a restore in parts is undone part by part, and the undo command names all of them', async () => {
  const parts = { ...shop, live: 'delete from orders' }
  const surroundings = { runOptions: { commitEvery: 5 } }
  await withDatabases(parts, async (databases) => {
    await withScreens(databases, { surroundings }, async ({ press, state, effects }) => {
      await press('space', 'r', 'R', 'y')
      const screen = screenOf(state())
      expect(screen.at === 'report' && screen.report.runs.length).toBeGreaterThan(1)
      expect(effects).toEqual([{ do: 'copy', text: 'rowgraft undo' }])
      await press('u')
      expect(screenOf(state()).at).toBe('runs')
      expect(state().message?.text).toContain('rowgraft undo takes all of them back')
    })
  })
})
