/** Undo never removes or overwrites anything that is not exactly what the run wrote. */
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { expectFailure, gallery, pets, type Restores, withRestores } from '../../support/restores.ts'

const restore = ({ withOpen }: Restores, options = {}): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, options)))

const undo = ({ withOpen }: Restores, run?: string): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan(run)))

describe.concurrent('an undo gives back the start', () => {
  test.each([
    ['keys kept', {}],
    ['new keys', { keys: 'new' }],
    ['survivors left alone', { relink: 'none' }],
  ] as const)('after a run with %s', async (_, options) => {
    await withRestores(gallery, async (restores) => {
      const before = await dumpRows(restores.live)
      await restore(restores, options)
      await undo(restores)
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test('after a run that overwrote a row, byte for byte', async () => {
    const sql = {
      ...gallery,
      live: `${gallery.live}; update photo set title = E'tab\\tback\\\\slash\\nline \\\\N' where id = 3`,
    }
    await withRestores(sql, async (restores) => {
      const before = await dumpRows(restores.live)
      const all = { selectors: [{ by: 'keys', table: 'photo', keys: [['3']] }], columns: null } as const
      await restores.withOpen(async (rowgraft) =>
        rowgraft.run(await rowgraft.plan(all, { onConflict: { '*': 'overwrite' } })),
      )
      expect(await query(restores.live, 'select title from photo where id = 3')).toEqual([{ title: 'gull' }])
      await undo(restores)
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test('and can itself be undone, as often as one likes', async () => {
    await withRestores(gallery, async (restores) => {
      const before = await dumpRows(restores.live)
      await restore(restores, { keys: 'new' })
      const after = await dumpRows(restores.live)
      for (const expected of [before, after, before, after]) {
        const [newest] = await restores.withOpen((rowgraft) => rowgraft.runs())
        await undo(restores, newest?.run)
        expect(await dumpRows(restores.live)).toEqual(expected)
        expect(await restores.withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
      }
    })
  })

  test('run after run where none is named: an undo is taken back by its name', async () => {
    await withRestores({ ...gallery, live: `${gallery.live}; delete from photo where id = 3` }, async (restores) => {
      const { live, withOpen } = restores
      const start = await dumpRows(live)
      await restore(restores)
      const first = await dumpRows(live)
      const photo = { selectors: [{ by: 'keys', table: 'photo', keys: [['3']] }], columns: null } as const
      await withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(photo)))
      await undo(restores)
      expect(await dumpRows(live)).toEqual(first)
      await undo(restores)
      expect(await dumpRows(live)).toEqual(start)
      await expectFailure(undo(restores), 'unknown-run', 'there is no run in live')
      const [newest] = await withOpen((rowgraft) => rowgraft.runs())
      await undo(restores, newest?.run)
      expect(await dumpRows(live)).toEqual(first)
      await undo(restores)
      expect(await dumpRows(live)).toEqual(start)
    })
  })

  test('of the second of two runs only, and then of the first', async () => {
    await withRestores({ ...gallery, live: `${gallery.live}; delete from photo where id = 3` }, async (restores) => {
      const { live, withOpen } = restores
      const start = await dumpRows(live)
      await restore(restores)
      const first = await dumpRows(live)
      const photos = { selectors: [{ by: 'all missing', table: 'photo' }], columns: null } as const
      await withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(photos)))
      const runs = await withOpen((rowgraft) => rowgraft.runs())
      await undo(restores, runs[0]?.run)
      expect(await dumpRows(live)).toEqual(first)
      await undo(restores, runs[1]?.run)
      expect(await dumpRows(live)).toEqual(start)
      await expectFailure(undo(restores, runs[0]?.run), 'undo-refused', 'has been undone')
      await expectFailure(undo(restores, runs[1]?.run), 'undo-refused', 'has been undone')
    })
  })

  test('of a deletion that took a cycle of tables along', async () => {
    const cycle = {
      schema: `create table a (id integer primary key, b integer not null);
        create table b (id integer primary key, a integer not null references a on delete cascade);
        alter table a add foreign key (b) references b on delete cascade deferrable;`,
      backup: `begin; set constraints all deferred; insert into a values (1, 1); insert into b values (1, 1); commit;`,
      live: 'delete from a',
    }
    await withRestores(cycle, async (restores) => {
      const before = await dumpRows(restores.live)
      const all = { selectors: [{ by: 'all missing', table: 'a' }], columns: null } as const
      await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(all)))
      expect(await dumpRows(restores.live)).toHaveLength(2)
      await undo(restores)
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })
})

describe.concurrent('verify', () => {
  test('finds rows that were changed or are gone since, and exits with 1', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, env } = restores
      await restore(restores)
      expect(await command(['verify'], { env })).toMatchObject({ exit: 0 })
      await query(live, `update comment set body = 'edited' where id = 11; delete from comment where id = 12`)
      const { exit, stdout } = await command(['verify', '--json'], { env })
      expect({ exit, report: JSON.parse(stdout) }).toEqual({
        exit: 1,
        report: expect.objectContaining({
          verified: false,
          rows: 5,
          mismatches: [
            { table: 'public.comment', key: { id: '11' }, why: 'changed' },
            { table: 'public.comment', key: { id: '12' }, why: 'gone' },
          ],
        }),
      })
    })
  })

  test('of an undo finds a row that is back', async () => {
    await withRestores(gallery, async (restores) => {
      await restore(restores)
      await undo(restores)
      expect(await command(['verify'], { env: restores.env })).toMatchObject({ exit: 0 })
      await query(restores.live, `insert into gallery values (7, 'again', 'Again')`)
      expect(await command(['verify'], { env: restores.env })).toMatchObject({ exit: 1 })
    })
  })
})
