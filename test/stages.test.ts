import { describe, expect, test } from 'vitest'
import { open, type ProgressEvent } from '../src/index.ts'
import { withAttempts } from './support/attempts.ts'

const sql = {
  schema: `create table gallery (id integer primary key, name text not null);
    create table photo (id integer primary key, gallery integer not null references gallery on delete cascade)`,
  backup: `insert into gallery select g, 'gallery ' || g from generate_series(1, 5000) g;
    insert into photo select p, 1 + p % 5000 from generate_series(1, 12000) p;
    analyze`,
  live: 'delete from gallery; analyze',
}

/** What was told last of each stage, by its name and its table. */
const lastOf = (events: readonly ProgressEvent[]): ReadonlyMap<string, readonly (number | null)[]> =>
  new Map(
    events.flatMap((event) =>
      event.kind === 'lock'
        ? []
        : [[`${event.kind} ${event.stage} ${event.table ?? ''}`.trim(), [event.done, event.total]] as const],
    ),
  )

const gallery = { selectors: [{ by: 'all missing', table: 'gallery' }], columns: null } as const

describe('progress', () => {
  test('each stage of a plan, a run, a verify and an undo says what it has done, and to how many rows', async () => {
    await withAttempts(sql, async ({ live, backup, journal }) => {
      const events: ProgressEvent[] = []
      const take = (): ReadonlyMap<string, readonly (number | null)[]> => lastOf(events.splice(0))
      const rowgraft = await open({ live, backup, journal, env: {}, onProgress: (event) => events.push(event) })
      try {
        const plan = await rowgraft.plan(gallery)
        expect(Object.fromEntries(take())).toMatchObject({
          'plan missing public.gallery': [5_000, 5_000],
          'plan follow public.gallery': [5_000, 5_000],
          'plan follow public.photo': [12_000, 12_000],
          'plan probe public.gallery': [5_000, 5_000],
          'plan probe public.photo': [12_000, 12_000],
          'plan measure public.gallery': [5_000, 5_000],
          'plan measure public.photo': [12_000, 12_000],
        })
        const { run } = await rowgraft.run(plan)
        expect(Object.fromEntries(take())).toMatchObject({
          'run stage public.gallery': [5_000, 5_000],
          'run stage public.photo': [12_000, 12_000],
          'run insert public.gallery': [5_000, 5_000],
          'run insert public.photo': [12_000, 12_000],
          'run verify public.gallery': [5_000, 5_000],
          'run verify public.photo': [12_000, 12_000],
          'run commit': [0, null],
        })
        await rowgraft.verify(run)
        expect(Object.fromEntries(take())).toMatchObject({ 'plan verify public.photo': [12_000, 12_000] })
        await rowgraft.run(await rowgraft.undoPlan(run))
        expect(Object.fromEntries(take())).toMatchObject({
          'plan written': [expect.any(Number), 17_000],
          'run delete public.photo': [12_000, 12_000],
        })
      } finally {
        await rowgraft.close()
      }
    })
  })

  test('is told once per batch, with a rate and a time, and never less than before', async () => {
    await withAttempts(sql, async ({ live, backup, journal }) => {
      const events: ProgressEvent[] = []
      const rowgraft = await open({ live, backup, journal, env: {}, onProgress: (event) => events.push(event) })
      try {
        await rowgraft.plan(gallery)
      } finally {
        await rowgraft.close()
      }
      const probes = events.flatMap((event) =>
        event.kind === 'plan' && event.stage === 'probe' && event.table === 'public.photo' ? [event] : [],
      )
      expect(probes.map(({ done }) => done)).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000])
      for (const [place, { done, rate, elapsed }] of probes.entries()) {
        expect(elapsed).toBeGreaterThanOrEqual(probes[place - 1]?.elapsed ?? 0)
        if (done > 0) expect(rate).toBe(Math.round((done * 1_000) / Math.max(1, elapsed)))
      }
      expect(events.length).toBeLessThan(200)
    })
  })

  test('is the same for each table that is compared, as it was', async () => {
    await withAttempts(sql, async ({ live, backup, journal }) => {
      const events: ProgressEvent[] = []
      const rowgraft = await open({ live, backup, journal, env: {}, onProgress: (event) => events.push(event) })
      try {
        for await (const _ of rowgraft.diff());
      } finally {
        await rowgraft.close()
      }
      const [last] = events
        .flatMap((event) => (event.kind === 'diff' && event.table === 'public.photo' ? [event] : []))
        .slice(-1)
      expect(last).toMatchObject({ stage: 'compare', rows: 12_000, done: 12_000, unit: 'rows' })
    })
  })
})
