import { describe, expect, test } from 'vitest'
import type { StageProgress, TableDiff } from '../../../src/index.ts'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import type { Result } from '../../../src/tui/state/actions.ts'
import { beginWork } from '../../../src/tui/state/jobs.ts'
import { noPicks, pickedRows } from '../../../src/tui/state/picks.ts'
import type { State } from '../../../src/tui/state/state.ts'
import { makePlan, makeReport, makeStep } from '../../format/plans.ts'
import {
  afterKeys,
  answered,
  backup,
  found,
  incidents,
  listing,
  live,
  makeList,
  makeTable,
  note,
  openAt,
  photos,
  photosId,
  rowsScreen,
  screensOf,
  told,
  unconnected,
} from './states.ts'

const later = { now: 2_000, tickets: 1 }
const wrong = { kind: 'error', text: 'it went wrong' } as const
const failed = { type: 'failed', code: 'server', error: wrong, statement: null } as const

describe('connecting', () => {
  const work = { kind: 'connect', addresses: unconnected.addresses, passwords: {}, follow: null } as const

  test('leads to the first screen, and to reading the tables', () => {
    const result = { type: 'opened', live, backup, notes: ['a', 'b'], protection: 'refuse', likely: [] } as const
    const [after, ...effects] = answered(unconnected, work, result)
    expect(after).toEqual({
      ...openAt(incidents),
      now: 2_000,
      tickets: 2,
      jobs: [{ ticket: 2, kind: 'tables', what: 'reading the tables', since: 2_000, progress: null, tables: [] }],
      connection: { state: 'open', live, backup, notes: ['a', 'b'] },
      protection: 'refuse',
      readOnly: "the config file says protect: 'refuse'",
      message: note('a · b'),
    })
    expect(effects).toEqual([{ do: 'work', ticket: 2, work: { kind: 'tables' } }])
  })

  test('in vain stays where it is', () => {
    expect(answered(unconnected, work, failed)).toEqual([
      { ...unconnected, ...later, connection: { state: 'failed', error: wrong } },
    ])
  })
})

describe('a password', () => {
  const work = { kind: 'connect', addresses: unconnected.addresses, passwords: {}, follow: null } as const
  const wanted = { type: 'password wanted', side: 'live', label: 'app@db1/shop' } as const
  const typing = (text: string) => {
    const [asked] = answered(unconnected, work, wanted)
    const [stopped] = reduce(asked, {
      type: 'result',
      ticket: 1,
      now: 2_000,
      result: { ...failed, error: { ...wrong, asksFor: 'password' } },
    })
    return [...text, 'enter'].reduce<ReturnType<typeof reduce>>(
      ([state], key) => reduce(state, { type: 'key', key }),
      [stopped],
    )
  }

  test('that a server wants is asked for, and given as it is typed', () => {
    const [asked] = answered(unconnected, work, wanted)
    expect(asked.overlay).toMatchObject({ prompt: { for: { what: 'password', side: 'live' }, isHidden: true } })
    const [after, ...effects] = typing(' x1 ')
    expect(after.overlay).toBe(null)
    expect(effects).toEqual([{ do: 'work', ticket: 2, work: { ...work, passwords: { live: ' x1 ' } } }])
  })

  test('that was wrong is forgotten, so that it is asked for again', () => {
    const [after] = typing('x1')
    const [stopped] = reduce(after, { type: 'result', ticket: 2, now: 2_000, result: failed })
    expect(stopped.passwords).toEqual({})
  })
})

describe('what comes of work that was given up', () => {
  test('is dropped', () => {
    const result = { type: 'read runs', runs: [] } as const
    expect(reduce(told, { type: 'result', ticket: 7, now: 2_000, result })).toEqual([{ ...told, now: 2_000 }])
  })
})

describe('tables that were read', () => {
  test('are followed by the incidents, the very large ones aside', () => {
    const large = makeTable('event', { size: { rows: 9_000_000, bytes: 1 } })
    const tables = [makeTable('photo'), large]
    const [after, ...effects] = answered(openAt(incidents), { kind: 'tables' }, { type: 'read tables', tables })
    expect(after.overview).toEqual(tables)
    expect(effects).toEqual([{ do: 'work', ticket: 2, work: { kind: 'incidents', without: ['public.event'] } }])
  })
})

describe('incidents that were found', () => {
  const result = { type: 'found incidents', report: found, took: 50 } as const

  test('are told, and what they cost', () => {
    expect(answered(openAt(incidents), { kind: 'incidents', without: [] }, result)).toEqual([
      { ...openAt(incidents), ...later, incidents: found, countedAt: 2_000, countTook: 50 },
    ])
  })

  test('are followed by the counts of all tables, and by a look at every row', () => {
    const state = openAt(incidents, { overview: [makeTable('photo')] })
    expect(answered(state, { kind: 'incidents', without: [] }, result).slice(1)).toEqual([
      { do: 'work', ticket: 2, work: { kind: 'count', tables: ['public.photo'], states: 'keys' } },
      {
        do: 'work',
        ticket: 3,
        work: { kind: 'overwritten', tables: [{ table: 'public.photo', rows: 10 }], done: 0, total: 10 },
      },
    ])
  })

  test('keep the picks that are still among them', () => {
    const picked = afterKeys(told, 'a')
    const report = { ...found, incidents: found.incidents.slice(1) }
    const [after] = answered(picked, { kind: 'incidents', without: [] }, { ...result, report })
    expect([...after.picks.incidents.keys()]).toEqual(['bbb'])
  })
})

describe('counts', () => {
  test('come one by one while the work goes on', () => {
    const diff = { table: 'public.photo', missing: 3, changed: 0, extra: 1, rows: 22 } as TableDiff // as far as keys tell
    const state = openAt(incidents)
    const [busy] = beginWork(state, { kind: 'count', tables: ['public.photo'], states: 'keys' })
    const result = { type: 'counted', states: 'keys', diff } as const
    expect(reduce(busy, { type: 'result', ticket: 1, now: 2_000, result })).toEqual([
      { ...busy, now: 2_000, counts: new Map([['public.photo', { diff, states: 'keys', liveRows: 10 }]]) },
    ])
  })
})

describe('rows that were listed again', () => {
  test('keep the picks of those that are still there', () => {
    const picked = afterKeys(listing(['missing', 'missing', 'missing']), 'space', 'down', 'space')
    const list = makeList(['missing', 'missing'])
    const [after] = answered(picked, { kind: 'list', source: photos }, { type: 'listed', source: photos, list })
    const rows = after.picks.rows.get(photosId)
    expect(rows === undefined ? [] : [...pickedRows(rows)]).toEqual([0])
    expect(after.stack).toEqual([incidents, { ...rowsScreen, cursor: 1 }])
  })

  test('are not shown where the first listing failed', () => {
    const first = openAt(incidents, { stack: [incidents, rowsScreen] })
    expect(answered(first, { kind: 'list', source: photos }, failed)).toEqual([
      { ...openAt(incidents), ...later, message: wrong },
    ])
  })
})

describe('a plan', () => {
  const plan = makePlan({ steps: [makeStep('gallery', ['7'])] })
  const work = { kind: 'plan', picks: noPicks, chosen: told.chosen, answers: {}, without: [] } as const
  const along = openAt({ at: 'along', cursor: 3 }, { isStale: false })

  test('is shown', () => {
    expect(answered(along, work, { type: 'planned', plan, undoes: null })).toEqual([
      { ...along, ...later, planned: { plan, undoes: null } },
    ])
  })

  test('that could not be made is made again when it is needed', () => {
    expect(answered({ ...along, planned: { plan, undoes: null } }, work, failed)).toEqual([
      { ...along, ...later, message: wrong, planned: null, isStale: true },
    ])
  })
})

const inserting = (done: number): StageProgress => ({
  stage: 'insert',
  table: 'public.gallery',
  to: null,
  unit: 'rows',
  done,
  total: 10,
  rate: 5,
  elapsed: 1_000,
})

describe('a run', () => {
  const plan = makePlan({ steps: [makeStep('gallery', ['7'])] })
  const run = { at: 'run', isRehearsal: false, isUndo: false, phases: [] } as const
  const picked = afterKeys(told, 'space')
  const running = { ...picked, stack: [incidents, { at: 'along', cursor: 0 } as const, run] }
  const work = { kind: 'run', plan, rehearse: false, confirm: null } as const

  test('tells each phase once, with how far it is', () => {
    const [busy] = beginWork(running, work)
    const phase = (done: number) => ({ type: 'run phase', step: inserting(done) }) as const
    const [some] = reduce(busy, { type: 'result', ticket: 1, now: 2_000, result: phase(1) })
    const [more] = reduce(some, { type: 'result', ticket: 1, now: 3_000, result: phase(5) })
    const phases = [{ ...inserting(5), at: 3_000 }]
    expect(more.stack.at(-1)).toEqual({ ...run, phases })
  })

  test('counts the time of a phase until the next one begins', () => {
    const [busy] = beginWork(running, work)
    const tell = (state: State, now: number, step: StageProgress): State =>
      reduce(state, { type: 'result', ticket: 1, now, result: { type: 'run phase', step } })[0]
    const verifying = { ...inserting(0), stage: 'verify' } as const
    const after = tell(tell(busy, 2_000, inserting(5)), 3_500, verifying)
    const phases = [
      { ...inserting(5), elapsed: 2_500, at: 2_000 },
      { ...verifying, at: 3_500 },
    ]
    expect(after.stack.at(-1)).toEqual({ ...run, phases })
  })

  test('says whom it waits for until it is told how far it is', () => {
    const [busy] = beginWork(running, work)
    const holders = [{ pid: 7, user: 'ida', application: 'psql', elapsed: 12_000 }]
    const tell = (state: State, result: Result): State =>
      reduce(state, { type: 'result', ticket: 1, now: 2_000, result })[0]
    const before = tell(busy, { type: 'waiting', holders })
    expect(before.jobs[0]?.progress).toEqual({ step: null, holders, at: 2_000 })
    const held = tell(tell(busy, { type: 'run phase', step: inserting(5) }), { type: 'waiting', holders })
    expect(held.jobs[0]?.progress).toEqual({ step: inserting(5), holders, at: 2_000 })
    expect(tell(held, { type: 'run phase', step: inserting(6) }).jobs[0]?.progress?.holders).toEqual([])
  })

  test('that was committed is told, and what was picked is done with', () => {
    const report = makeReport()
    expect(answered(running, work, { type: 'ran', report, plan })).toEqual([
      {
        ...told,
        ...later,
        incidents: null,
        done: [{ report, plan }],
        stack: [incidents, { at: 'report', cursor: 0, report, plan }],
      },
    ])
  })

  test('that was a rehearsal leads back to where it was begun', () => {
    const report = makeReport({ outcome: 'rehearsed' })
    expect(answered(running, work, { type: 'ran', report, plan })).toEqual([
      {
        ...running,
        ...later,
        stack: [incidents, { at: 'along', cursor: 0 }, { at: 'report', cursor: 0, report, plan }],
      },
    ])
  })

  test('that failed keeps what was picked; where nobody knows, that is said', () => {
    const [after] = answered(running, work, { ...failed, code: 'outcome-unknown' })
    expect(after).toEqual({
      ...running,
      ...later,
      stack: [incidents, { at: 'along', cursor: 0 }, { at: 'failed', cursor: 0, error: wrong, isUnknown: true }],
    })
    expect(screensOf(after)).toEqual(['incidents', 'along', 'failed'])
  })
})

describe('a statement', () => {
  const work = { kind: 'statement', statement: 'delete from photo', at: null } as const

  test('whose rows were found is picked, and told', () => {
    const result = { type: 'covered', statement: 'delete from photo', at: null, lines: ['3 rows'] } as const
    expect(answered(told, work, result)).toEqual([
      {
        ...told,
        ...later,
        picks: { ...noPicks, statements: [{ statement: 'delete from photo', at: null }] },
        overlay: { kind: 'text', title: 'what the statement did', lines: ['3 rows'], cursor: 0 },
      },
    ])
  })

  test('that asks for the time is asked when it ran', () => {
    const error = { ...wrong, asksFor: 'statement time' } as const
    const [after] = answered(told, work, { ...failed, error, statement: 'delete from photo' })
    expect(after.overlay).toMatchObject({ prompt: { for: { what: 'statement time' } } })
  })
})

test('a file that exists is replaced only by a yes', () => {
  const plan = makePlan()
  const state = { ...told, planned: { plan, undoes: null } }
  const work = { kind: 'save', file: 'plan', path: 'plan.json', plan, replace: false } as const
  const [asked] = answered(state, work, { type: 'exists', path: 'plan.json', file: 'plan' })
  const [shown] = reduce(asked, { type: 'painted', state: asked })
  expect(reduce(shown, { type: 'key', key: 'y' }).slice(1)).toEqual([
    { do: 'work', ticket: 2, work: { ...work, replace: true } },
  ])
})
