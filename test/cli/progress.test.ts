import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeProgress, type ProgressLevel, type ProgressLine } from '../../src/cli/progress.ts'
import type { ProgressEvent } from '../../src/index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Shown extends ProgressLine {
  /** What has been written since it was asked for last. */
  readonly take: () => readonly string[]
}

const start = (showsProgress: boolean, level: ProgressLevel = 'some'): Shown => {
  let written: string[] = []
  const io = {
    stdout: () => undefined,
    stderr: (text: string) => void written.push(text),
    readStdin: async () => '',
    env: {},
    isInteractive: false,
    showsProgress,
    hasColor: false,
    columns: 80,
    signal: new AbortController().signal,
  }
  const take = (): readonly string[] => {
    const taken = written
    written = []
    return taken
  }
  return { ...makeProgress(io, level), take }
}

const inserting = (done: number, elapsed = 0): ProgressEvent => ({
  kind: 'run',
  phase: 'insert',
  rows: done,
  stage: 'insert',
  table: 'public.item',
  to: null,
  unit: 'rows',
  done,
  total: 3_000_000,
  rate: 0,
  elapsed,
})

const lock: ProgressEvent = {
  kind: 'lock',
  side: 'live',
  holders: [{ pid: 7, user: null, application: 'psql', elapsed: null }],
}

test('on a terminal the line goes on with the time once a second while nothing is told', () => {
  const { show, take } = start(true)
  show(inserting(0))
  expect(take()).toEqual(['\rinserting item: 0 of 3,000,000 rows'])
  vi.advanceTimersByTime(3_000)
  expect(take()).toEqual([1, 2, 3].map((seconds) => `\rinserting item: 0 of 3,000,000 rows, ${seconds}.0 s`))
})

test('without a terminal there is a line every ten seconds, told of or not', () => {
  const { show, take } = start(false)
  show(inserting(0))
  vi.advanceTimersByTime(9_500)
  expect(take()).toEqual([])
  vi.advanceTimersByTime(20_500)
  expect(take()).toEqual([10, 20, 30].map((seconds) => `inserting item: 0 of 3,000,000 rows, ${seconds} s\n`))
})

test('what is told between two lines is in the next one', () => {
  const { show, take } = start(true)
  show(inserting(0))
  vi.advanceTimersByTime(20)
  show(inserting(5, 20))
  expect(take()).toEqual(['\rinserting item: 0 of 3,000,000 rows'])
  vi.advanceTimersByTime(1_000)
  expect(take()).toEqual(['\rinserting item: 5 of 3,000,000 rows, 1.0 s'])
})

test('nothing is written once the line is taken away', () => {
  const { show, clear, take } = start(true)
  show(inserting(0))
  clear()
  expect(take().at(-1)).toMatch(/^\r +\r$/)
  vi.advanceTimersByTime(60_000)
  expect(take()).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('no progress is no timer either', () => {
  const { show, take } = start(true, 'none')
  show(inserting(0))
  vi.advanceTimersByTime(60_000)
  expect([take(), vi.getTimerCount()]).toEqual([[], 0])
})

test('a lock is said to be waited for until there is more to tell', () => {
  const { show, take } = start(true)
  show(inserting(0))
  vi.advanceTimersByTime(2_200)
  take()
  show(lock)
  expect(take()[0]?.trimEnd()).toBe('\rinserting item: waiting for a lock held by psql, process 7, 2.2 s')
  vi.advanceTimersByTime(1_300)
  expect(take()[0]?.trimEnd()).toBe('\rinserting item: waiting for a lock held by psql, process 7, 3.5 s')
  show(inserting(5, 3_000))
  vi.advanceTimersByTime(1_000)
  expect(take().at(-1)?.trimEnd()).toBe('\rinserting item: 5 of 3,000,000 rows, 4.0 s')
})

test('a lock that is waited for before anything was told is told of by itself', () => {
  const { show, take } = start(true)
  show(lock)
  show({ ...lock, holders: [] })
  expect(take()).toEqual(['\rwaiting for a lock held by psql, process 7'])
})
