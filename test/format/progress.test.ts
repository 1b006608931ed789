import { expect, test } from 'vitest'
import { formatProgress, formatWaiting } from '../../src/format/progress.ts'
import type { LockHolder, StageProgress } from '../../src/index.ts'
import { makeStageProgress } from '../support/stage-progress.ts'

test.each<readonly [says: string, parts: Partial<StageProgress>]>([
  ['inserting item: 1,204,000 of 3,000,000 rows, 310,000 a second, 3.9 s, about 6 s left', {}],
  ['inserting rows: 1,204,000 of 3,000,000 rows, 310,000 a second, 3.9 s, about 6 s left', { table: null }],
  ['inserting item: 0 of 3,000,000 rows', { done: 0, rate: 0, elapsed: 0 }],
  ['inserting item: 0 of 1 row, 1 min 5 s', { done: 0, total: 1, rate: 0, elapsed: 65_000 }],
  ['finding what is missing: item, 1,204,000 rows, 310,000 a second, 3.9 s', { stage: 'missing', total: null }],
  ['finding what is missing', { stage: 'missing', table: null, done: 0, total: null, rate: 0, elapsed: 0 }],
  [
    'comparing "quoted name": 1,204,000 of about 6,000,000 rows, 310,000 a second, 3.9 s, about 16 s left',
    { stage: 'compare', table: '"quoted name"', total: 6_000_000 },
  ],
  // Statistics that are out of date.
  ['comparing item: 1,204,000 rows, 310,000 a second, 3.9 s', { stage: 'compare', total: 1_000 }],
  [
    'following photo to photo_tag: 10,000 rows, 5,000 a second, 2.0 s',
    {
      stage: 'follow',
      table: 'public.photo',
      to: 'public.photo_tag',
      done: 10_000,
      total: null,
      rate: 5_000,
      elapsed: 2_000,
    },
  ],
  ['finding the selected rows: 5.0 s', { stage: 'select', table: null, done: 0, total: null, rate: 0, elapsed: 5_000 }],
  [
    'looking for conflicts in live: item, 1,204,000 of 3,000,000 rows, 310,000 a second, 3.9 s, about 6 s left',
    { stage: 'probe' },
  ],
  [
    'reading the file: 1.2 GB of 3.0 GB, 310 MB a second, 3.9 s, about 6 s left',
    { stage: 'reading', table: null, unit: 'bytes', done: 1.2e9, total: 3e9, rate: 310e6 },
  ],
  ['loading item: 1 of 3 tables, 3.9 s', { stage: 'loading', unit: 'tables', done: 1, total: 3, rate: 1 }],
  [
    'loading tables: 1 of 3 tables, 3.9 s',
    { stage: 'loading', table: null, unit: 'tables', done: 1, total: 3, rate: 1 },
  ],
  ['committing', { stage: 'commit', table: null, done: 0, total: null, rate: 0, elapsed: 0 }],
  // Nobody can say yet how long it takes.
  ['inserting item: 1,000 of 3,000,000 rows, 2,000 a second', { done: 1_000, rate: 2_000, elapsed: 500 }],
])('%s', (says, parts) => {
  expect(formatProgress(makeStageProgress(parts))).toBe(says)
})

test('goes on counting the time while nothing more is told', () => {
  expect(formatProgress(makeStageProgress(), { idle: 2_000 })).toBe(
    'inserting item: 1,204,000 of 3,000,000 rows, 310,000 a second, 5.9 s, about 4 s left',
  )
  expect(formatProgress(makeStageProgress(), { idle: 60_000 })).toBe(
    'inserting item: 1,204,000 of 3,000,000 rows, 310,000 a second, 1 min 4 s',
  )
})

test('leaves away what tells least where there is no room for all: the rate first, the total last', () => {
  expect([80, 70, 50, 10].map((room) => formatProgress(makeStageProgress(), { room }))).toEqual([
    'inserting item: 1,204,000 of 3,000,000 rows, 3.9 s, about 6 s left',
    'inserting item: 1,204,000 of 3,000,000 rows, 3.9 s, about 6 s left',
    'inserting item: 1,204,000 of 3,000,000 rows, 3.9 s',
    'inserting item: 1,204,000 rows, 3.9 s',
  ])
})

const holder: LockHolder = { pid: 4_711, user: 'ida', application: 'psql', elapsed: 12_400 }

test('says who holds the lock that it waits for, as far as the server says so', () => {
  expect(formatProgress(makeStageProgress({ stage: 'lock', table: null }), { idle: 1_000, holders: [holder] })).toBe(
    'locking rows, checking what the plan relies on: waiting for a lock held by psql, process 4711 (as ida, begun 12 s ago), 4.9 s',
  )
  expect(formatProgress(makeStageProgress({ stage: 'lock', table: null }), { holders: [holder], room: 100 })).toBe(
    'locking rows, checking what the plan relies on: waiting for a lock held by psql, process 4711, 3.9 s',
  )
  const words = [
    [{ ...holder, user: null, application: null, elapsed: null }],
    [holder, holder, holder],
    [{ pid: 0, user: null, application: null, elapsed: null }],
    [{ ...holder, application: 'evil\u001b[2J', elapsed: null }],
    [],
  ].map(formatWaiting)
  expect(words).toEqual([
    'waiting for a lock held by process 4711',
    'waiting for a lock held by psql, process 4711 (as ida, begun 12 s ago) and 2 others',
    'waiting for a lock held by a prepared transaction',
    'waiting for a lock held by evil\\x1b[2J, process 4711 (as ida)',
    '',
  ])
})
