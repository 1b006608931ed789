/** Between a plan and its run the world goes on: a plan that no longer fits is refused, and live is unchanged. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CommandResult, command } from '../../support/command.ts'
import { withDatabases } from '../../support/databases.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { gallery, type Restores, withFolder, withRestores } from '../../support/restores.ts'

interface Planned extends Restores {
  /** The plan file. */
  readonly path: string
  readonly run: (env?: Readonly<Record<string, string>>) => Promise<CommandResult>
}

/** Plans with these arguments into a file. */
const withPlan = (argv: readonly string[], work: (planned: Planned) => Promise<void>): Promise<void> =>
  withRestores(gallery, (restores) =>
    withFolder(async (folder) => {
      const path = join(folder, 'plan.json')
      const planned = await command(['plan', ...argv, '--out', path], { env: restores.env })
      expect([0, 4], planned.stderr).toContain(planned.exit)
      await work({
        ...restores,
        path,
        run: (env) => command(['restore', path, '--yes'], { env: { ...restores.env, ...env } }),
      })
    }),
  )

const expectStale = async ({ live, run }: Planned, says: string | RegExp): Promise<void> => {
  const before = await dumpRows(live)
  const { exit, stderr } = await run()
  expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringMatching(says) })
  expect(await dumpRows(live)).toEqual(before)
}

describe.concurrent('a plan is stale once', () => {
  test.each([
    ['a row it re-links has got another parent', `update photo set gallery_id = 8 where id = 1`, /live row.* changed/],
    [
      'a row it re-links is gone',
      `delete from photo where id = 2`,
      /1 of 2 live rows of "public.photo" are gone\s+public.photo 2/,
    ],
    [
      'a key it wants is taken',
      `insert into gallery values (7, 'new', 'New')`,
      /key 7 of "public.gallery" was free when the plan was made/,
    ],
    ['a table it writes has got a column', 'alter table comment add column mood text', /"public.comment" was altered/],
    [
      'a table it writes has lost a constraint',
      'alter table gallery drop constraint gallery_slug_key',
      /"public.gallery" was altered/,
    ],
    [
      'a table it writes has got a trigger',
      `create function f() returns trigger language plpgsql as 'begin return null; end';
       create trigger late after insert on photo for each row execute function f()`,
      /"public.photo" was altered/,
    ],
  ])('%s', async (_, sql, says) => {
    await withPlan(['gallery', '7'], async (planned) => {
      await query(planned.live, sql)
      await expectStale(planned, says)
    })
  })

  test.each([
    [
      'a row of the backup reads differently',
      `update comment set body = 'AWW' where id = 11`,
      /are not those the plan was made from/,
    ],
    [
      'a row of the backup is gone',
      `delete from comment where id = 12`,
      /the backup has 1 of the 2 rows of "public.comment"/,
    ],
    [
      'two values of the backup have changed places',
      `update comment set body = case id when 11 then 'more' else 'aww' end where id in (11, 12)`,
      /are not those the plan was made from/,
    ],
  ])('%s', async (_, sql, says) => {
    await withPlan(['gallery', '7'], async (planned) => {
      await query(planned.backup, sql)
      await expectStale(planned, says)
    })
  })

  test('a row it would overwrite was edited, also where it holds a conflict', async () => {
    await withConflict(async ({ live, env, path }) => {
      await query(live, `update photo set title = 'albatross' where id = 3`)
      const before = await dumpRows(live)
      expect(await command(['restore', path, '--yes'], { env })).toMatchObject({ exit: 4 })
      expect(await dumpRows(live)).toEqual(before)
    })
  })
})

/** A plan file that brings photo 1 back and overwrites photo 3. */
const withConflict = (
  work: (planned: {
    readonly live: string
    readonly env: Readonly<Record<string, string>>
    readonly path: string
  }) => Promise<void>,
): Promise<void> =>
  withRestores(
    { ...gallery, live: `update photo set title = 'bird' where id = 3; delete from photo where id = 1` },
    ({ live, env }) =>
      withFolder(async (folder) => {
        const path = join(folder, 'plan.json')
        const argv = ['plan', 'photo', '--where', 'true', '--on-conflict', 'overwrite', '--out', path]
        expect(await command(argv, { env })).toMatchObject({ exit: 0 })
        await work({ live, env, path })
      }),
  )

describe.concurrent('a plan is not stale because', () => {
  test('rows are missing that it does not name: it brings back what it says, and no more', async () => {
    await withConflict(async ({ live, env, path }) => {
      await query(live, 'delete from photo where id = 2')
      expect(await command(['restore', path, '--yes'], { env })).toMatchObject({ exit: 0 })
      expect(await query(live, 'select id::text from photo where id < 4 order by id')).toEqual([
        { id: '1' },
        { id: '3' },
      ])
    })
  })

  test('keys that it would have made were taken by hand: its rows get the next ones, in their order', async () => {
    await withPlan(['gallery', '7', '--keys', 'new'], async ({ live, run }) => {
      await query(live, `insert into gallery values (10, 'now', 'Now'); insert into comment values (16, 8, 'now')`)
      expect(await run()).toMatchObject({ exit: 0 })
      expect(await query(live, `select id, slug from gallery where id > 9 order by id`)).toEqual([
        { id: '10', slug: 'now' },
        { id: '11', slug: 'pets' },
      ])
      expect(await query(live, 'select id, body from comment where gallery_id = 11 order by id')).toEqual([
        { id: '17', body: 'aww' },
        { id: '18', body: 'more' },
      ])
    })
  })

  test.each([
    [
      'rows it does not name were written',
      `insert into comment (gallery_id, body) values (8, 'later'); update photo set title = 'tern' where id = 3`,
    ],
    ['a table it does not use was made', 'create table other (id integer)'],
    ['a table it writes was analysed and indexed anew', 'analyze; reindex table gallery'],
    ['a re-linked row was edited elsewhere', `update photo set title = 'tabby' where id = 1`],
  ])('%s', async (_, sql) => {
    await withPlan(['gallery', '7'], async ({ live, run }) => {
      await query(live, sql)
      expect(await run()).toMatchObject({ exit: 0 })
      expect(await query(live, 'select count(*) from comment where gallery_id = 7')).toEqual([{ count: '2' }])
    })
  })
})

const edit = async (path: string, change: (plan: Record<string, unknown>) => void): Promise<void> => {
  const plan: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'))
  change(plan)
  await writeFile(path, JSON.stringify(plan, null, 4))
}

describe.concurrent('a plan file', () => {
  test('that was edited beyond its answers is refused', async () => {
    await withPlan(['gallery', '7'], async (planned) => {
      await edit(planned.path, (plan) => {
        plan.steps = (plan.steps as readonly unknown[]).slice(0, 1)
      })
      await expectStale(planned, 'the plan was edited beyond its answers')
    })
  })

  test('that was only formatted anew runs', async () => {
    await withPlan(['gallery', '7'], async ({ path, run }) => {
      await edit(path, () => undefined)
      expect(await run()).toMatchObject({ exit: 0 })
    })
  })

  test('runs on the databases it was made for, and on no others', async () => {
    await withPlan(['gallery', '7'], async (planned) => {
      await withDatabases(gallery, async (others) => {
        const before = await dumpRows(others.live)
        for (const env of [{ ROWGRAFT_LIVE: others.live }, { ROWGRAFT_BACKUP: others.backup }]) {
          const { exit, stderr } = await planned.run(env)
          expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('made for another database') })
        }
        expect(await dumpRows(others.live)).toEqual(before)
      })
      expect(await planned.run()).toMatchObject({ exit: 0 })
    })
  })

  test('runs with the answers that were written into it', async () => {
    await withRestores(gallery, ({ live, env }) =>
      withFolder(async (folder) => {
        const path = join(folder, 'plan.json')
        await query(live, `insert into gallery values (7, 'wedding', 'Wedding')`)
        expect(await command(['plan', 'gallery', '7', '--out', path], { env })).toMatchObject({ exit: 4 })
        const run = (): Promise<CommandResult> => command(['restore', path, '--yes'], { env })
        expect(await run()).toMatchObject({ exit: 4 })
        const answer = (text: string) =>
          edit(path, (plan) => {
            const conflicts = plan.conflicts as readonly { readonly id: string }[]
            plan.answers = Object.fromEntries(conflicts.map(({ id }) => [id, text]))
          })
        await answer('burn it')
        expect(await run()).toMatchObject({ exit: 4, stderr: expect.stringContaining('answers') })
        await answer('allocate')
        expect(await run()).toMatchObject({ exit: 0 })
        expect(await query(live, `select id, slug from gallery where slug in ('pets', 'wedding') order by id`)).toEqual(
          [
            { id: '7', slug: 'wedding' },
            { id: '10', slug: 'pets' },
          ],
        )
      }),
    )
  })

  test('that was run already has nothing more to do, or says so', async () => {
    await withPlan(['gallery', '7'], async (planned) => {
      expect(await planned.run()).toMatchObject({ exit: 0 })
      await expectStale(planned, 'taken now|changed since')
    })
  })
})
