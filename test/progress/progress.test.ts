import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { measured, type Reached, type StageProgress, tellBatches } from '../../src/progress/progress.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Tells each of these so many milliseconds after the one before. */
const tellAll = (told: readonly (readonly [milliseconds: number, at: Reached])[]): readonly StageProgress[] => {
  const heard: StageProgress[] = []
  const onStage = measured((progress) => heard.push(progress))
  for (const [milliseconds, at] of told) {
    vi.advanceTimersByTime(milliseconds)
    onStage(at)
  }
  return heard
}

const rates = (progress: readonly StageProgress[]): readonly (readonly [number, number])[] =>
  progress.map(({ rate, elapsed }) => [rate, elapsed])

test('a stage is measured from when it was told of first, whatever came before', () => {
  const probe = { stage: 'probe', table: 'public.item', total: 6_000 } as const
  const heard = tellAll([
    [5_000, { stage: 'build' }],
    [0, probe],
    [500, { ...probe, done: 2_000 }],
    [1_500, { ...probe, done: 6_000 }],
  ])
  expect(heard.at(-1)).toEqual({ ...probe, to: null, unit: 'rows', done: 6_000, rate: 3_000, elapsed: 2_000 })
  expect(rates(heard)).toEqual([
    [0, 0],
    [0, 0],
    [4_000, 500],
    [3_000, 2_000],
  ])
})

test('a stage that comes back to a table goes on there, and is not charged for what it did elsewhere', () => {
  const heard = tellAll([
    [0, { stage: 'follow', table: 'public.item', done: 0 }],
    [1_000, { stage: 'follow', table: 'public.comment', done: 0 }],
    [9_000, { stage: 'follow', table: 'public.item', done: 100 }],
    [1_000, { stage: 'follow', table: 'public.item', done: 300 }],
  ])
  expect(rates(heard).slice(2)).toEqual([
    [100, 1_000],
    [150, 2_000],
  ])
})

test('a stage that begins anew is measured anew', () => {
  const heard = tellAll([
    [0, { stage: 'follow', table: 'public.item', done: 0 }],
    [4_000, { stage: 'follow', table: 'public.item', done: 400 }],
    [1_000, { stage: 'follow', table: 'public.item', done: 0 }],
    [1_000, { stage: 'follow', table: 'public.item', done: 400 }],
  ])
  expect(rates(heard).at(-1)).toEqual([400, 1_000])
})

test('batches are told before they are taken, and once more when all are done', () => {
  const told: Reached[] = []
  const at = { stage: 'measure', table: 'public.item', total: 5 } as const
  const batches = [...tellBatches((one) => told.push(one), at, [['1', '2'], ['3', '4'], ['5']])]
  expect(batches.flat()).toEqual(['1', '2', '3', '4', '5'])
  expect(told).toEqual([0, 2, 4, 5].map((done) => ({ ...at, done })))
  expect([...tellBatches((one) => told.push(one), at, [])]).toEqual([])
  expect(told.length).toBe(4)
})
