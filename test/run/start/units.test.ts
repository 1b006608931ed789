/** A restore in parts: each complete in itself, each undoable, and the same plan goes on where one stopped. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plan, Report } from '../../../src/index.ts'
import { type Attempts, refuse, withAttempts } from '../../support/attempts.ts'
import { dumpRows, query } from '../../support/queries.ts'

/** Four galleries of three photos each, linked to tags that live still has; a note survives each gallery; one photo shows another gallery. */
const shop = {
  schema: `
    create table gallery (id serial primary key, name text);
    create table photo (id serial primary key, gallery integer not null references gallery on delete cascade, twin integer references photo on delete cascade);
    create table tag (id integer primary key, word text unique);
    create table tagged (photo integer not null references photo on delete cascade, tag integer not null references tag, primary key (photo, tag));
    create table note (id integer primary key, gallery integer references gallery on delete set null);`,
  backup: `
    insert into gallery (name) select 'g' || n from generate_series(1, 4) n;
    insert into photo (gallery) select g from generate_series(1, 3) n, generate_series(1, 4) g;
    update photo set twin = 1 where id = 4;
    insert into tag values (1, 'red'), (2, 'blue');
    insert into tagged select id, 1 + id % 2 from photo;
    insert into note select n, n from generate_series(1, 4) n`,
  live: `delete from gallery; insert into gallery (id, name) values (101, 'mine'), (102, 'mine too')`,
}

const argv = ['--all-missing', '--children', 'all', '--keys', 'new']

const reportOf = ({ stdout }: { readonly stdout: string }): Report => JSON.parse(stdout) as Report

/** Who refers to whom, by what does not change with the keys. */
const shape = (live: string) =>
  query(
    live,
    `select g.name, count(p.id), count(t.tag) as tags, count(distinct n.id) as notes, count(p.twin) as twins
     from gallery g left join photo p on p.gallery = g.id left join tagged t on t.photo = p.id left join note n on n.gallery = g.id
     group by g.name order by g.name`,
  )

const withPlan = (work: (attempts: Attempts, path: string, before: readonly string[]) => Promise<void>) =>
  withAttempts(shop, async (attempts) => {
    const path = join(attempts.journal, 'plan.json')
    const { exit, stderr } = await attempts.rowgraft([
      'plan',
      'gallery',
      ...argv,
      '--out',
      path,
      '--on-conflict',
      'allocate',
    ])
    expect(exit, stderr).toBe(0)
    await work(attempts, path, await dumpRows(attempts.live))
  })

describe('--commit-every', () => {
  test('commits groups that are complete in themselves, and the newest undo takes back all of them', async () => {
    await withPlan(async ({ rowgraft, live }, path, before) => {
      const whole = await rowgraft(['restore', path, '--yes'])
      expect(whole.exit, whole.stderr).toBe(0)
      const expected = await shape(live)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
      const { exit, stdout, stderr } = await rowgraft(['restore', path, '--yes', '--commit-every', '9', '--json'])
      expect(exit, stderr).toBe(0)
      const report = reportOf({ stdout })
      expect(report).toMatchObject({ outcome: 'committed', verified: true, complete: true, stopped: null })
      expect(report.runs).toHaveLength(report.units?.total ?? 0)
      expect(report.units?.total).toBeGreaterThan(1)
      expect(await shape(live)).toEqual(expected)
      for (const run of report.runs) expect((await rowgraft(['verify', run])).exit).toBe(0)
      const again = await rowgraft(['restore', path, '--yes', '--commit-every', '2', '--json'])
      expect(reportOf(again).outcome, 'all of it is done').toBe('nothing')
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('never parts rows that refer to each other', async () => {
    await withPlan(async ({ rowgraft }, path) => {
      const { stdout } = await rowgraft(['restore', path, '--yes', '--commit-every', '1', '--json'])
      const { runs } = reportOf({ stdout })
      expect(runs.length).toBeGreaterThan(1)
      const plan = JSON.parse((await rowgraft(['show', path, '--json'])).stdout) as Plan
      const rows = reportOf({ stdout }).tables.reduce((sum, { inserted, updated }) => sum + inserted + updated, 0)
      expect(rows).toBe(plan.steps.reduce((sum, step) => sum + step.rows, 0))
    })
  })

  test('stops with 8 at a part that fails; the same plan goes on with the rest, and each part can be undone', async () => {
    await withPlan(async (attempts, _, before) => {
      const { rowgraft, live } = attempts
      await query(
        live,
        `create function stop() returns trigger language plpgsql as $$
          begin if new.name = 'g3' then raise exception 'not this one'; end if; return new; end $$`,
      )
      const failing = join(attempts.journal, 'failing.json')
      await query(live, 'create trigger stop before insert on gallery for each row execute function stop()')
      await rowgraft(['plan', 'gallery', ...argv, '--out', failing, '--on-conflict', 'allocate'])
      const stopped = await rowgraft(['restore', failing, '--yes', '--commit-every', '7'])
      expect(stopped.exit, stopped.stdout + stopped.stderr).toBe(8)
      expect(stopped.stdout.replace(/\s+/g, ' ')).toMatch(
        /stopped part way: run the same plan again.*Stopped after \d of \d parts: live refused rows of "public.gallery": not this one/,
      )
      expect((await rowgraft(['verify'])).exit).toBe(0)
      const some = await shape(live)
      expect(some.map(({ name }) => name)).toContain('g2')
      expect(some.map(({ name }) => name)).not.toContain('g3')
      await query(
        live,
        'create or replace function stop() returns trigger language plpgsql as $$ begin return new; end $$',
      )
      const rest = await rowgraft(['restore', failing, '--yes', '--json'])
      expect(rest.exit, rest.stderr).toBe(0)
      expect((await shape(live)).map(({ name, count }) => [name, count])).toEqual([
        ...['g1', 'g2', 'g3', 'g4'].map((name) => [name, '3']),
        ['mine', '0'],
        ['mine too', '0'],
      ])
      const { runs } = reportOf(rest)
      expect((await rowgraft(['undo', runs[0] ?? '', '--yes'])).exit).toBe(0)
      expect((await shape(live)).map(({ name }) => name)).not.toContain('g3')
      const more = await rowgraft(['restore', failing, '--yes'])
      expect(more.exit, 'what was undone comes back again').toBe(0)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('that fails in its first part changes nothing, and says so', async () => {
    await withPlan(async (attempts, path) => {
      await query(attempts.live, 'delete from tag')
      await refuse(attempts, ['restore', path, '--yes', '--commit-every', '7'], { exit: 5, says: ['foreign key'] })
    })
  })

  test('can be rehearsed', async () => {
    await withPlan(async ({ rowgraft, live }, path, before) => {
      const { exit, stdout } = await rowgraft(['restore', path, '--rehearse', '--commit-every', '7', '--json'])
      expect({ exit, outcome: reportOf({ stdout }).outcome }).toEqual({ exit: 0, outcome: 'rehearsed' })
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('notices rows of the backup that are no longer those of the plan', async () => {
    await withPlan(async (attempts, path) => {
      await query(attempts.backup, `update gallery set name = 'other' where id = 4`)
      await refuse(attempts, ['restore', path, '--yes', '--commit-every', '7'], {
        exit: 4,
        says: ['not those the plan was made from'],
      })
    })
  })
})
