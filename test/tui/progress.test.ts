import { describe, expect, test } from 'vitest'
import { displayWidth } from '../../src/format/layout.ts'
import type { StageProgress } from '../../src/index.ts'
import { textOf } from '../../src/tui/lines/line.ts'
import { drawFrame } from '../../src/tui/screens/frame.ts'
import { beginWork } from '../../src/tui/state/jobs.ts'
import type { JobKind, Progress, Screen, State, ToldPhase } from '../../src/tui/state/state.ts'
import { makeStageProgress } from '../support/stage-progress.ts'
import { incidents, openAt, told } from './reduce/states.ts'

const step = (parts: Partial<StageProgress> = {}): StageProgress => makeStageProgress({ stage: 'probe', ...parts })

/** A job of this kind, begun at 1 s, with this told at 2 s, as it is on screen at 4 s. */
const busyAt = (screen: Screen, kind: JobKind, progress: Partial<Progress> = {}): State => {
  const [begun] = beginWork(openAt(screen), { kind: 'tables' })
  const jobs = begun.jobs.map((job) => ({
    ...job,
    kind,
    progress: { step: step(), holders: [], at: 2_000, ...progress },
  }))
  return { ...begun, jobs, now: 4_000 }
}

const linesOf = (state: State): readonly string[] =>
  drawFrame(state).map((line) => line.spans.map(textOf).join('').trimEnd())

const lineWith = (state: State, part: string): string =>
  linesOf(state)
    .find((line) => line.includes(part))
    ?.trim() ?? ''

const wide = (state: State): State => ({ ...state, size: { columns: 120, rows: 30 } })

const review: Screen = { at: 'review', cursor: 0, conflict: 0, undoes: null, painted: null }
const holders = [{ pid: 7, user: 'ida', application: 'psql', elapsed: null }]

describe('planning', () => {
  test('says how far it is, in the words of the command line, and goes on with the time', () => {
    expect(lineWith(wide(busyAt(review, 'plan', { step: step({ stage: 'measure' }) })), 'Review')).toBe(
      'Review: | measuring item: 1,204,000 of 3,000,000 rows, 310,000 a second, 5.9 s, about 4 s left',
    )
  })

  test('leaves away what tells least where there is no room for all', () => {
    expect(lineWith(busyAt(review, 'plan', { step: step({ stage: 'measure' }) }), 'Review')).toBe(
      'Review: | measuring item: 1,204,000 of 3,000,000 rows, 5.9 s, about 4 s left',
    )
  })

  test('says whom it waits for', () => {
    expect(lineWith(wide(busyAt(review, 'plan', { holders })), 'Review')).toBe(
      'Review: | looking for conflicts in live: item, waiting for a lock held by psql, process 7 (as ida), 5.9 s',
    )
    expect(lineWith(wide(busyAt(review, 'plan', { step: null, holders })), 'Review')).toBe(
      'Review: | reading the tables: waiting for a lock held by psql, process 7 (as ida), 3.0 s',
    )
  })
})

test('looking for incidents and counting say it in the same way', () => {
  const missing = step({ stage: 'missing', total: 3_500_000 })
  expect(lineWith(wide(busyAt(incidents, 'incidents', { step: missing })), 'finding')).toBe(
    '| finding what is missing: item, 1,204,000 of about 3,500,000 rows, 310,000 a second, 5.9 s, about 6 s left',
  )
  const counting = busyAt(incidents, 'count', { step: step({ stage: 'compare', total: null }) })
  expect(lineWith({ ...counting, incidents: told.incidents }, 'comparing')).toContain(
    '| comparing item: 1,204,000 rows, 310,000 a second, 5.9 s',
  )
})

test('a run says of each phase what it did and how long it took, and of the last one how it goes', () => {
  const phases: readonly ToldPhase[] = [
    { ...step({ stage: 'stage', done: 3_000_000, elapsed: 9_700 }), at: 2_000 },
    { ...step({ stage: 'insert' }), at: 2_000 },
  ]
  const screen: Screen = { at: 'run', isRehearsal: false, isUndo: false, phases }
  const shown = linesOf(busyAt(screen, 'run'))
  expect(shown.filter((line) => line.includes('item')).map((line) => line.trim())).toEqual([
    'staging item: 3,000,000 of 3,000,000 rows, 310,000 a second, 9.7 s',
    'inserting item: 1,204,000 of 3,000,000 rows, 5.9 s, about 4 s left',
  ])
  const waiting = linesOf(wide(busyAt(screen, 'run', { holders }))).find((line) => line.includes('inserting'))
  expect(waiting?.trim()).toBe('inserting item: waiting for a lock held by psql, process 7 (as ida), 5.9 s')
  for (const state of [busyAt(screen, 'run'), busyAt(screen, 'run', { holders })]) {
    expect(linesOf(state).filter((line) => displayWidth(line) > 80)).toEqual([])
  }
})
