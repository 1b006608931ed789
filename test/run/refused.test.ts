/** What live itself does against a run: whatever it is, the run is rolled back, and the error says what happened. */
import { describe, expect, test } from 'vitest'
import { command } from '../support/command.ts'
import { withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows, query, withClient } from '../support/queries.ts'
import { expectFailure, gallery, pets, type Restores, waitForSession, withRestores } from '../support/restores.ts'

/** The gallery's deletion, and then this in live. */
const withLive = (sql: string) => ({ ...gallery, live: `${gallery.live};${sql}` })

const trigger = (when: string, table: string, body: string): string => `
  create function meddle() returns trigger language plpgsql as $$ begin ${body} end $$;
  create trigger meddle ${when} on ${table} for each row execute function meddle();`

const restore = ({ withOpen }: Restores, options = {}): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, options)))

/** Nothing is in live, and the journal, where there is one, says so. */
const expectNothing = async ({ live, withOpen }: Restores, before: readonly string[]): Promise<void> => {
  expect(await dumpRows(live)).toEqual(before)
  const states = await withOpen(async (rowgraft) => (await rowgraft.runs()).map(({ state }) => state))
  expect(states.filter((state) => state !== 'rolled-back')).toEqual([])
}

describe.concurrent('live', () => {
  test('that answers COMMIT with ROLLBACK has committed nothing', async () => {
    await withRestores(gallery, async (restores) => {
      const before = await dumpRows(restores.live)
      await withFaultProxy(restores.live, async (proxy) => {
        proxy.judge = ({ text }) => (text === 'commit\0' ? { query: 'rollback' } : 'forward')
        const work = restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets)), { live: proxy.url })
        await expectFailure(work, 'rolled-back', 'tag ROLLBACK')
      })
      await expectNothing(restores, before)
    })
  })

  test('whose trigger raises an error keeps nothing, and the words of the trigger are told', async () => {
    const raising = trigger(
      'after insert',
      'comment',
      `raise exception 'comments are closed' using hint = 'open them';`,
    )
    await withRestores(withLive(raising), async (restores) => {
      const before = await dumpRows(restores.live)
      const { exit, stderr } = await command(['restore', 'gallery', '7', '--yes'], { env: restores.env })
      expect({ exit, stderr }).toEqual({ exit: 5, stderr: expect.stringContaining('comments are closed') })
      await expectNothing(restores, before)
    })
  })

  test('whose deferred trigger raises an error at COMMIT is heard before the run is called committed', async () => {
    // Queued by a deferred trigger, and deferred again: only COMMIT itself fires it.
    const deferred = `
      create table queue (note text);
      create function enqueue() returns trigger language plpgsql as $$
        begin set constraints late deferred; insert into queue values ('now'); return null; end $$;
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'too late'; end $$;
      create constraint trigger early after insert on gallery deferrable initially deferred
        for each row execute function enqueue();
      create constraint trigger late after insert on queue deferrable initially deferred
        for each row execute function refuse();`
    await withRestores(withLive(deferred), async (restores) => {
      const before = await dumpRows(restores.live)
      await expectFailure(restore(restores, { triggers: 'fire' }), 'server-error', 'too late')
      await expectNothing(restores, before)
    })
  })

  test.each([
    ['insert', 'before insert', 'comment', 'live took 0 of 2 rows of "public.comment"'],
    ['update', 'before update', 'photo', 'live updated 0 of 2 rows of "public.photo"'],
  ])('whose trigger swallows an %s is noticed by the count', async (_, when, table, says) => {
    await withRestores(withLive(trigger(when, table, 'return null;')), async (restores) => {
      const before = await dumpRows(restores.live)
      await expectFailure(restore(restores), 'rolled-back', says)
      await expectNothing(restores, before)
    })
  })

  test('whose trigger changes what is inserted is noticed by verifying, and may be allowed to', async () => {
    const changing = trigger('before insert', 'comment', `new.body := upper(new.body); return new;`)
    await withRestores(withLive(changing), async (restores) => {
      const before = await dumpRows(restores.live)
      await expectFailure(restore(restores), 'verification-failed', '--accept-trigger public.comment.body')
      await expectNothing(restores, before)
      await restore(restores, { acceptTrigger: ['public.comment.body'] })
      expect(await query(restores.live, 'select body from comment where gallery_id = 7 order by id')).toEqual([
        { body: 'AWW' },
        { body: 'MORE' },
      ])
    })
  })

  test.each([
    ['moves an inserted row to another key', 'before insert', 'new.id := new.id + 1000; return new;'],
    ['deletes an inserted row', 'after insert', 'delete from comment where id = new.id; return null;'],
  ])('whose trigger %s is noticed by verifying', async (_, when, body) => {
    await withRestores(withLive(trigger(when, 'comment', body)), async (restores) => {
      const before = await dumpRows(restores.live)
      await expectFailure(restore(restores), 'verification-failed', '2 of 2 rows of "public.comment" are not in live')
      await expectNothing(restores, before)
    })
  })

  test('whose trigger changes the column that is put back is noticed by verifying', async () => {
    const changing = trigger('before update', 'photo', 'new.gallery_id := 8; return new;')
    await withRestores(withLive(changing), async (restores) => {
      const before = await dumpRows(restores.live)
      await expectFailure(restore(restores), 'verification-failed', 'updated rows of "public.photo"')
      await expectNothing(restores, before)
    })
  })

  test('that takes longer than allowed is stopped, and the flag that allows more is named', async () => {
    await withRestores(
      withLive(trigger('before insert', 'comment', 'perform pg_sleep(600); return new;')),
      async (restores) => {
        const before = await dumpRows(restores.live)
        const argv = ['restore', 'gallery', '7', '--yes', '--timeout', '3s']
        const { exit, stderr } = await command(argv, { env: restores.env })
        expect({ exit, stderr }).toEqual({ exit: 5, stderr: expect.stringContaining('--timeout') })
        await expectNothing(restores, before)
      },
    )
  })

  test('that holds a row locked makes the run wait as long as allowed, and the flag that allows more is named', async () => {
    await withRestores(gallery, async (restores) => {
      const before = await dumpRows(restores.live)
      await withClient(restores.live, async (other) => {
        await other.query('begin; select 1 from photo where id = 1 for update')
        const argv = ['restore', 'gallery', '7', '--yes', '--lock-timeout', '200ms']
        const { exit, stderr } = await command(argv, { env: restores.env })
        expect({ exit, stderr }).toEqual({ exit: 5, stderr: expect.stringContaining('--lock-timeout') })
        await other.query('rollback')
      })
      await expectNothing(restores, before)
    })
  })

  test('that terminates the session is told apart from a lost COMMIT', async () => {
    await withRestores(
      withLive(trigger('before insert', 'comment', 'perform pg_sleep(600); return new;')),
      async (restores) => {
        const before = await dumpRows(restores.live)
        const work = expectFailure(restore(restores), 'connection-lost')
        await waitForSession(restores.live, `wait_event = 'PgSleep'`)
        const sessions = `from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
        await query(restores.live, `select pg_terminate_backend(pid) ${sessions}`)
        await work
        await expectNothing(restores, before)
      },
    )
  })
})

describe.concurrent('after a run that failed', () => {
  test('the next one works on the same connections', async () => {
    const raising = `create table closed (); insert into closed default values;
      ${trigger('after insert', 'comment', `if exists (select from closed) then raise exception 'closed'; end if; return null;`)}`
    await withRestores(withLive(raising), ({ live, withOpen }) =>
      withOpen(async (rowgraft) => {
        await expectFailure(rowgraft.run(await rowgraft.plan(pets)), 'server-error', 'closed')
        await query(live, 'delete from closed')
        expect(await rowgraft.run(await rowgraft.plan(pets))).toMatchObject({ outcome: 'committed' })
      }),
    )
  })
})

describe.concurrent('two restores at once', () => {
  // The first one waits in a trigger for a row that the test holds.
  const waiting = `create table gate (open boolean); insert into gate values (false);
    ${trigger('before insert', 'comment', 'perform 1 from gate for update; return new;')}`

  const expectBusy = async (restores: Restores, journal: string): Promise<void> => {
    const { live, env } = restores
    await withClient(live, async (other) => {
      await other.query('begin; select 1 from gate for update')
      const argv = ['restore', 'gallery', '7', '--yes', '--keys', 'new', '--lock-timeout', '5min']
      const first = command(argv, { env })
      await waitForSession(live, `wait_event_type = 'Lock'`)
      const second = await command(argv, { env: { ...env, ROWGRAFT_JOURNAL: journal } })
      expect(second).toEqual({
        exit: 4,
        stdout: expect.anything(),
        stderr: expect.stringMatching(/another restore is running[\s\S]*backend \d+/),
      })
      if (journal === restores.journal) expect(await command(['recover'], { env })).toMatchObject({ exit: 4 })
      await other.query('rollback')
      expect(await first).toMatchObject({ exit: 0 })
    })
    const [row] = await query(live, 'select count(*) from comment')
    expect(row).toEqual({ count: '4' })
    expect(await restores.withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
    expect(await restores.withOpen((rowgraft) => rowgraft.runs())).toMatchObject([
      { state: 'committed', inserted: 3, updated: 2 },
    ])
    await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan()))
  }

  test('are one too many: the second is refused, names the first, and leaves its journal alone', async () => {
    await withRestores(withLive(waiting), (restores) => expectBusy(restores, restores.journal))
  })

  test('are noticed without a journal in common', async () => {
    await withRestores(withLive(waiting), (restores) => expectBusy(restores, `${restores.journal}/another`))
  })
})
