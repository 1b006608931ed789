import { expect, test } from 'vitest'
import { parseSelect } from '../../src/index.ts'
import { command } from '../support/command.ts'
import { expectFailure, withRestores } from '../support/restores.ts'

const sql = {
  schema: `create table pics (id serial primary key, title text not null);
           create table other (id serial primary key, title text);`,
  backup: `insert into pics values (1, 'a'), (2, 'b'); insert into other values (1, 'x');`,
  live: `delete from pics where id = 2; alter table pics rename to photo;`,
} as const

const photo2 = { selectors: [parseSelect('photo:2')], columns: null }

test('suggests a table that looks renamed, with the line of the config file', async () => {
  await withRestores(sql, async ({ env }) => {
    const { stdout } = await command(['tables'], { env })
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `it may be "public.photo" of live under another name; if it is, say so in the config file: tables: { 'public.pics': 'public.photo' }`,
    )
  })
})

test('diff reads a renamed table as live names it', async () => {
  await withRestores(sql, async ({ withOpen }) => {
    const diffs: unknown[] = []
    await withOpen(
      async (rowgraft) => {
        for await (const diff of rowgraft.diff({ tables: ['photo'] })) diffs.push(diff)
      },
      { config: { tables: { pics: 'photo' } } },
    )
    expect(diffs).toMatchObject([{ table: 'public.photo', missing: 1, extra: 0, changed: 0 }])
  })
})

test('a plan does not run when the config file maps its tables otherwise', async () => {
  await withRestores(sql, async ({ withOpen }) => {
    const config = { tables: { pics: 'photo' } }
    const plan = await withOpen((rowgraft) => rowgraft.plan(photo2), { config })
    const others = { tables: { other: 'photo', pics: 'other' } }
    await withOpen(
      (rowgraft) => expectFailure(rowgraft.run(plan), 'plan-stale', /"public.photo" is read from the backup otherwise/),
      { config: others },
    )
    await withOpen((rowgraft) => expectFailure(rowgraft.run(plan), 'plan-stale', /otherwise/))
    const report = await withOpen((rowgraft) => rowgraft.run(plan), { config })
    expect(report.outcome).toBe('committed')
  })
})

test.each([
  [{ tables: { nope: 'photo' } }, 'unknown-table', /the backup has neither "nope" nor "photo"/],
  [{ tables: { pics: 'nope' } }, 'unknown-table', /live has no table "nope"/],
  [{ tables: { pics: 'other' } }, 'unknown-table', /"public.other" and "public.pics" would both be "public.other"/],
  [{ schemas: { public: 'nope' } }, 'unknown-table', /live has no schema "nope"/],
  [{ columns: { other: { title: 'nope' } } }, 'unknown-column', /live's "public.other" has no column "nope"/],
  [{ columns: { other: { id: 'title' } } }, 'unknown-column', /two columns of the backup's "public.other"/],
] as const)('refuses %j', async (config, code, says) => {
  await withRestores(sql, ({ withOpen }) =>
    expectFailure(
      withOpen(async () => undefined, { config }),
      code,
      says,
    ),
  )
})
