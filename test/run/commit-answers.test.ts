/** How COMMIT may be answered, case by case: the tag COMMIT is believed, everything else is asked of live on another connection. */
import { describe, expect, test } from 'vitest'
import { open, type Report } from '../../src/index.ts'
import { type Attempts, withAttempts } from '../support/attempts.ts'
import type { CommandResult } from '../support/command.ts'
import { isCommit } from '../support/commit-faults.ts'
import { configure } from '../support/configs.ts'
import { type FaultProxy, frame, type Judgement, type Lie, withFaultProxy } from '../support/fault-proxy.ts'
import { withOwnCluster } from '../support/own-cluster.ts'
import { dumpRows, query } from '../support/queries.ts'
import { expectFailure, gallery, pets, waitForSession } from '../support/restores.ts'

/** The judgement of COMMIT; and that of everything on connections made later, if that is not to be forwarded. */
interface Fault {
  readonly commit: Judgement
  readonly later?: Judgement
}

const judgeCommit = (proxy: FaultProxy, { commit, later = 'forward' }: Fault, onCommit?: () => void): void => {
  let first: number | null = null
  proxy.judge = ({ connection, text }) => {
    if (first !== null && connection > first) return later
    if (first !== null || !isCommit(text)) return 'forward'
    first = connection
    onCommit?.()
    return commit
  }
}

interface Faulty extends Attempts {
  /** Runs a command through the proxy, with this fault. */
  readonly suffer: (argv: readonly string[], fault: Fault) => Promise<CommandResult>
  readonly proxy: FaultProxy
}

const withFaulty = (work: (faulty: Faulty) => Promise<void>): Promise<void> =>
  withAttempts(gallery, (attempts) =>
    withFaultProxy(attempts.live, (proxy) =>
      work({
        ...attempts,
        proxy,
        suffer: (argv, fault) => {
          judgeCommit(proxy, fault)
          return attempts.rowgraft(argv, { env: { ROWGRAFT_LIVE: proxy.url } })
        },
      }),
    ),
  )

const restore = ['restore', 'gallery', '7', '--yes', '--json']
const reportOf = ({ stdout }: CommandResult): Report => JSON.parse(stdout) as Report
const statesOf = async ({ rowgraft }: Attempts): Promise<readonly string[]> => {
  const { stdout } = await rowgraft(['runs', '--json'])
  return (JSON.parse(stdout) as { runs: { state: string }[] }).runs.map(({ state }) => state)
}

const fatal: Lie = {
  request: 'passed on',
  error: { severity: 'FATAL', localised: 'FATAL', sqlstate: '53300' },
  place: 'instead',
  readyForQuery: 'is left out',
  connection: 'is closed',
}
const error: Lie = { ...fatal, error: { severity: 'ERROR', localised: 'ERROR', sqlstate: 'XX000' } }
const silence: Lie = { ...fatal, error: null, connection: 'is left open' }
const tag = (text: string): Judgement => ({
  answer: Buffer.concat([frame('C', Buffer.from(`${text}\0`)), frame('Z', Buffer.from('I'))]),
})
const said = (severity: 'ERROR' | 'FATAL' | 'PANIC', localised: string, sqlstate: string): Lie => ({
  ...fatal,
  error: { severity, localised, sqlstate },
})

const answers: readonly (readonly [string, Judgement])[] = [
  ['a FATAL of SQLSTATE 53300', { lie: said('FATAL', 'FATAL', '53300') }],
  [
    'a FATAL of SQLSTATE 58000, and ReadyForQuery',
    { lie: { ...said('FATAL', 'FATAL', '58000'), readyForQuery: 'follows' } },
  ],
  ['a FATAL of SQLSTATE XX000', { lie: said('FATAL', 'FATAL', 'XX000') }],
  ['a FATAL of SQLSTATE 08P01 in Japanese', { lie: said('FATAL', '致命的エラー', '08P01') }],
  ['a FATAL of SQLSTATE 57P01', { lie: said('FATAL', 'FATAL', '57P01') }],
  ['a PANIC of SQLSTATE 57P02, in German', { lie: said('PANIC', 'PANIK', '57P02') }],
  ['an ERROR, and the connection is closed', { lie: error }],
  ['an ERROR in Russian, and no more', { lie: { ...said('ERROR', 'ОШИБКА', '57014'), connection: 'is left open' } }],
  ['an ERROR and ReadyForQuery', { lie: { ...error, readyForQuery: 'follows', connection: 'is left open' } }],
  [
    'an ERROR before the true answer',
    { lie: { ...error, place: 'before', readyForQuery: 'follows', connection: 'is left open' } },
  ],
  ['a FATAL behind the true answer', { lie: { ...fatal, place: 'behind' } }],
  ['the tag ROLLBACK', tag('ROLLBACK')],
  ['what is no message at all', { answer: frame('?', Buffer.alloc(0)) }],
  ['nothing, for the connection is lost', 'lose reply'],
]

describe.concurrent('a COMMIT that live has done', () => {
  test.each(answers)('and that is answered with %s is told as committed', async (_, commit) => {
    await withFaulty(async (faulty) => {
      const result = await faulty.suffer(restore, { commit })
      expect(result.exit, result.stdout + result.stderr).toBe(0)
      expect(reportOf(result)).toMatchObject({ outcome: 'committed', verified: true, complete: true })
      expect(await statesOf(faulty)).toEqual(['committed'])
      expect((await faulty.rowgraft(['verify'])).exit).toBe(0)
      expect((await faulty.rowgraft(['recover'])).stdout).toContain('nothing to recover')
      expect((await faulty.rowgraft(['undo', '--yes'])).exit).toBe(0)
    })
  })

  test('of an undo is told as committed, too', async () => {
    await withFaulty(async (faulty) => {
      const before = await dumpRows(faulty.live)
      expect((await faulty.rowgraft(restore)).exit).toBe(0)
      const { exit, stdout } = await faulty.suffer(['undo', '--yes'], { commit: { lie: fatal } })
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('committed') })
      expect(await dumpRows(faulty.live)).toEqual(before)
      expect(await statesOf(faulty)).toEqual(['committed', 'undone'])
    })
  })

  test('without triggers is told as committed, too', async () => {
    await withFaulty(async (faulty) => {
      expect((await faulty.suffer([...restore, '--bulk'], { commit: { lie: fatal } })).exit).toBe(0)
      expect(await statesOf(faulty)).toEqual(['committed'])
    })
  })

  test('of one part lets the next ones go on, on a new connection', async () => {
    await withFaulty(async (faulty) => {
      await query(faulty.live, 'delete from gallery where id = 8')
      const argv = ['restore', 'gallery', '--all-missing', '--yes', '--commit-every', '1', '--json']
      const result = await faulty.suffer(argv, { commit: { lie: fatal } })
      expect(result.exit, result.stdout + result.stderr).toBe(0)
      expect(reportOf(result)).toMatchObject({ outcome: 'committed', units: { done: 2, total: 2 } })
      expect(await statesOf(faulty)).toEqual(['committed', 'committed'])
    })
  })

  test('is followed by the commands of the config file', async () => {
    await withFaulty(async (faulty) => {
      const config = await configure(faulty, { hooks: { committed: 'cat "$ROWGRAFT_REPORT"' } })
      const result = await faulty.suffer([...restore, ...config], { commit: { lie: fatal } })
      expect(result.exit).toBe(0)
      expect(reportOf(result).hooks).toMatchObject([{ failed: false, output: expect.stringContaining('"committed"') }])
    })
  })

  test('and that nobody answers is asked for', async () => {
    await withFaulty(async ({ proxy, live, env, journal }) => {
      judgeCommit(proxy, { commit: { lie: silence } })
      const rowgraft = await open({ live: proxy.url, backup: env.ROWGRAFT_BACKUP ?? '', journal, env: {} })
      const report = await rowgraft.run(await rowgraft.plan(pets), { patience: 2_000 })
      expect(report).toMatchObject({ outcome: 'committed', verified: true })
      expect(await rowgraft.verify()).toMatchObject({ verified: true, rows: 5 })
      await rowgraft.close()
      expect(await query(live, 'select id from gallery where id = 7')).toEqual([{ id: '7' }])
    })
  })

  test('is waited for after Ctrl-C, and told', async () => {
    await withFaulty(async ({ proxy, rowgraft }) => {
      const controller = new AbortController()
      judgeCommit(proxy, { commit: { lie: fatal } }, () => controller.abort())
      const result = await rowgraft(restore, { env: { ROWGRAFT_LIVE: proxy.url }, signal: controller.signal })
      expect(result.exit, result.stderr).toBe(0)
      expect(reportOf(result)).toMatchObject({ outcome: 'committed', verified: true })
    })
  })
})

describe.concurrent('a COMMIT that live has not done', () => {
  test.each([
    ['a FATAL in its place', { lie: { ...fatal, request: 'kept back' } }],
    ['a PANIC in its place', { lie: { ...said('PANIC', 'PANIC', '57P02'), request: 'kept back' } }],
    ['an ERROR and ReadyForQuery in its place', { lie: { ...error, request: 'kept back', readyForQuery: 'follows' } }],
    ['the tag ROLLBACK, which is true', { query: 'rollback' }],
    ['an error that live itself says', { query: 'do $$ begin raise exception $s$not today$s$; end $$' }],
    ['nothing, for the connection is lost', 'cut'],
  ] as const)('and that is answered with %s is told as rolled back', async (_, commit) => {
    await withFaulty(async (faulty) => {
      const before = await dumpRows(faulty.live)
      const { exit, stdout } = await faulty.suffer(['restore', 'gallery', '7', '--yes'], {
        commit: commit as Judgement,
      })
      expect(exit, stdout).toBe(5)
      expect(await dumpRows(faulty.live)).toEqual(before)
      expect(await statesOf(faulty)).toEqual(['rolled-back'])
      expect((await faulty.rowgraft(restore)).exit).toBe(0)
    })
  })

  test('is told with the reason that live gives', async () => {
    await withFaulty(async ({ suffer }) => {
      const says = { query: 'do $$ begin raise exception $s$not today$s$ using errcode = $s$23514$s$; end $$' }
      expect(await suffer(['restore', 'gallery', '7', '--yes', '--verbose'], { commit: says })).toMatchObject({
        exit: 5,
        stderr: expect.stringMatching(/not today.*SQLSTATE 23514/s),
      })
    })
  })

  test('because another transaction stood in the way is tried again, on a new connection', async () => {
    await withFaulty(async (faulty) => {
      const commit: Judgement = {
        lie: { ...said('ERROR', 'ERROR', '40001'), request: 'kept back', readyForQuery: 'follows' },
      }
      const result = await faulty.suffer(restore, { commit })
      expect(result.exit, result.stderr).toBe(0)
      expect(await statesOf(faulty)).toEqual(['committed', 'rolled-back'])
    })
  })

  test('for it never arrived, and that nobody answers, is rolled back by cutting the connection', async () => {
    await withFaulty(async ({ proxy, live, backup, journal }) => {
      const before = await dumpRows(live)
      judgeCommit(proxy, { commit: { lie: { ...silence, request: 'kept back' } } })
      const rowgraft = await open({ live: proxy.url, backup, journal, env: {} })
      await expectFailure(
        rowgraft.run(await rowgraft.plan(pets), { patience: 2_000 }),
        'rolled-back',
        'Nobody answered',
      )
      expect(await dumpRows(live)).toEqual(before)
      await rowgraft.close()
    })
  })
})

describe.concurrent('a COMMIT of which live cannot be asked', () => {
  test.each([
    ['has been done', 'passed on', 'committed'],
    ['has not been done', 'kept back', 'rolled-back'],
  ] as const)('and that %s is unknown, and recover finds it out', async (_, request, outcome) => {
    await withFaulty(async (faulty) => {
      const { exit, stderr } = await faulty.suffer(['restore', 'gallery', '7', '--yes'], {
        commit: { lie: { ...fatal, request } },
        later: 'cut',
      })
      expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringContaining('rowgraft recover') })
      expect(await statesOf(faulty)).toEqual(['open'])
      const { stdout } = await faulty.rowgraft(['recover', '--json'])
      expect(JSON.parse(stdout)).toMatchObject({ runs: [{ outcome }] })
      expect(await statesOf(faulty)).toEqual([outcome])
    })
  })

  test('since it starts up is asked again until it answers', async () => {
    await withFaulty(async ({ proxy, rowgraft }) => {
      judgeCommit(proxy, { commit: { lie: fatal } })
      const { judge } = proxy
      const refused = new Set<number>()
      proxy.judge = (message) => {
        const judgement = judge(message)
        if (message.connection > 1 && judgement === 'forward') refused.add(message.connection)
        const isStarting = message.connection > 1 && refused.size <= 2
        return isStarting ? { lie: { ...said('FATAL', 'FATAL', '57P03'), request: 'kept back' } } : judgement
      }
      const result = await rowgraft(restore, { env: { ROWGRAFT_LIVE: proxy.url } })
      expect({ exit: result.exit, refused: refused.size > 2 }).toEqual({ exit: 0, refused: true })
    })
  })

  test('since a standby answers in its place, which may lag behind, is unknown', async () => {
    await withFaulty(async ({ proxy, backup, journal }) => {
      judgeCommit(proxy, { commit: { lie: fatal } })
      const { judge } = proxy
      proxy.judge = (message) =>
        message.connection > 1 && message.text.includes('pg_is_in_recovery')
          ? { query: `select 'true', 'off'` }
          : judge(message)
      const rowgraft = await open({ live: proxy.url, backup, journal, env: {} })
      const run = rowgraft.run(await rowgraft.plan(pets), { patience: 600 })
      await expectFailure(run, 'outcome-unknown', 'standby')
      await rowgraft.close()
    })
  })
})

/** Live waits in COMMIT for a standby that never comes, until that is cancelled: then it has committed. */
const waiting = { synchronous_standby_names: 'nobody', max_wal_senders: '1', wal_level: 'replica' }
const goOn = `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`

describe('a COMMIT that live has not finished', () => {
  const { schema, backup, live } = gallery
  const pair = { schema: `${schema};${backup}`, live }

  test('is waited for, however long live is at it', async () => {
    await withOwnCluster(waiting, pair, async (rowgraft, url) => {
      const run = rowgraft.run(await rowgraft.plan(pets), { patience: 100 })
      await waitForSession(url, `wait_event = 'SyncRep'`)
      // It is asked for on another connection while live is at it.
      await waitForSession(url, `query like '%pg_try_advisory_xact_lock%'`)
      await query(url, goOn)
      expect(await run).toMatchObject({ outcome: 'committed', verified: true })
    })
  })

  test('and that is answered with a FATAL is unknown until live has, never rolled back', async () => {
    await withOwnCluster(waiting, pair, async (_, url) => {
      await withFaultProxy(url, async (proxy) => {
        judgeCommit(proxy, { commit: { lie: { ...fatal, place: 'before', connection: 'is left open' } } })
        const backupUrl = url.replace(/\/live/, '/backup')
        await withAttempts('select 1', async ({ journal }) => {
          const rowgraft = await open({ live: proxy.url, backup: backupUrl, journal, env: {} })
          const plan = await rowgraft.plan(pets)
          await expectFailure(rowgraft.run(plan, { patience: 600 }), 'outcome-unknown', 'still in progress')
          await query(url, goOn)
          expect(await rowgraft.recover()).toMatchObject({ runs: [{ outcome: 'committed' }] })
          await rowgraft.close()
        })
      })
    })
  })
})
