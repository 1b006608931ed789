/** Sequences are raised past every key that comes back, and never lowered, whoever else draws from them. */
import { describe, expect, test } from 'vitest'
import { raiseSequence } from '../../src/database/sequences.ts'
import { openSession } from '../../src/database/session/session.ts'
import { withWriteTransaction } from '../../src/database/transaction.ts'
import { command } from '../support/command.ts'
import { withDatabases } from '../support/databases.ts'
import { query, withClient } from '../support/queries.ts'
import { expectFailure, withRestores } from '../support/restores.ts'
import { writeOptions } from '../support/transactions.ts'

interface Drawn {
  readonly isRaised: boolean
  /** What the sequence hands out next. */
  readonly next: string
}

/** Raises sequence `s` of a fresh database past `target`, and draws from it. */
const raise = (create: string, target: string, { canUpdate = true } = {}): Promise<Drawn> =>
  withDatabases(create, async ({ live }) => {
    const [facts] = await query(live, `select * from pg_sequences where sequencename = 's'`)
    const bounds = {
      schema: 'public',
      name: 's',
      increment: facts?.increment_by ?? '',
      minimum: facts?.min_value ?? '',
      maximum: facts?.max_value ?? '',
      canUpdate,
    }
    const session = await openSession(live)
    try {
      const isRaised = await withWriteTransaction(session, writeOptions, async (writer) => ({
        ending: 'commit',
        value: await raiseSequence(writer, bounds, target),
      }))
      const [row] = await query(live, `select nextval('s') as next`)
      return { isRaised, next: row?.next ?? '' }
    } finally {
      await session.close()
    }
  })

describe.concurrent('a sequence', () => {
  test.each([
    ['is raised past a key', 'create sequence s', '7', true, '8'],
    ['that has not been used yet is raised past its first value', 'create sequence s', '1', true, '2'],
    ['that is ahead stays', `create sequence s; select setval('s', 10)`, '7', false, '11'],
    ['that stands at the key stays', `create sequence s; select setval('s', 7)`, '7', false, '8'],
    ['in steps of ten is raised in its steps', 'create sequence s increment 10', '25', true, '31'],
    ['is raised by a million in steps', 'create sequence s', '1000000', true, '1000001'],
    ['is raised by more at once', 'create sequence s', '5000000000', true, '5000000001'],
    [
      'in steps of two stays odd, however far it is raised',
      'create sequence s increment 2',
      '4000000',
      true,
      '4000001',
    ],
    [
      'in steps of two stays even, however far it is raised',
      'create sequence s increment 2 start 2',
      '4000001',
      true,
      '4000002',
    ],
    ['that descends is raised downwards', 'create sequence s increment -1 start -1', '-7', true, '-8'],
    ['that descends is raised far downwards', 'create sequence s increment -2 start -1', '-4000000', true, '-4000001'],
    ['that descends and is ahead stays', `create sequence s increment -1; select setval('s', -10)`, '-7', false, '-11'],
    ['that caches is raised past a key', 'create sequence s cache 50', '7', true, '51'],
    ['is not raised for a key it would never hand out', 'create sequence s maxvalue 100', '101', false, '1'],
    ['is not raised for a key below all it hands out', 'create sequence s minvalue 10', '3', false, '10'],
  ])('%s', async (_, create, target, isRaised, next) => {
    expect(await raise(create, target)).toEqual({ isRaised, next })
  })

  test('that the role may not set is walked, unless it is too far', async () => {
    const may = { canUpdate: false }
    expect(await raise('create sequence s', '1100000', may)).toEqual({ isRaised: true, next: '1100001' })
    const work = raise('create sequence s', '5000000000', may)
    await expectFailure(work, 'missing-privileges', 'grant update on sequence public.s to')
  })

  test('is raised up to its maximum', async () => {
    await expect(raise('create sequence s maxvalue 100', '100')).rejects.toThrow('reached maximum value')
  })

  test('is never lowered, and hands out nothing twice, while others draw from it', async () => {
    await withDatabases('create sequence s', async ({ live }) => {
      const drawn: number[] = []
      let isDone = false
      const draw = (): Promise<void> =>
        withClient(live, async (client) => {
          let last = 0
          while (!isDone) {
            const { rows } = await client.query<{ next: string }>(
              `select nextval('s') as next from generate_series(1, 20)`,
            )
            for (const { next } of rows) {
              expect(Number(next)).toBeGreaterThan(last)
              last = Number(next)
              drawn.push(last)
            }
          }
        })
      const drawing = [draw(), draw(), draw()]
      const session = await openSession(live)
      const limits = { increment: '1', minimum: '1', maximum: '9223372036854775807' }
      const bounds = { schema: 'public', name: 's', ...limits, canUpdate: true }
      // Small gaps, which others overtake, and one that is too wide to be walked.
      for (const target of [500, 600, 700, 5000, 5001, 20_000, 3_000_000, 3_000_500]) {
        await withWriteTransaction(session, writeOptions, async (writer) => {
          await raiseSequence(writer, bounds, String(target))
          return { ending: 'commit', value: null }
        })
        const [row] = await query(live, 'select last_value from s')
        expect(Number(row?.last_value)).toBeGreaterThanOrEqual(target)
      }
      isDone = true
      await Promise.all(drawing)
      await session.close()
      expect(new Set(drawn).size).toBe(drawn.length)
    })
  })
})

describe.concurrent('a restore', () => {
  const photos = (sequence: string, live: string) => ({
    schema: `create sequence photo_seq as smallint ${sequence};
      create table photo (id smallint primary key default nextval('photo_seq'), title text);
      create table view (id serial primary key, photo smallint references photo on delete cascade)`,
    backup: `insert into photo values (7, 'cat'); insert into view (photo) values (7)`,
    live,
  })

  test('whose sequence has nothing left says which, what to do, and changes nothing', async () => {
    const sql = photos('maxvalue 9', `delete from photo; select setval('photo_seq', 9)`)
    await withRestores(sql, async ({ live, env }) => {
      const argv = ['restore', 'photo', '7', '--keys', 'new', '--yes']
      const { exit, stderr } = await command(argv, { env })
      expect({ exit, stderr: stderr.replace(/\s+/g, ' ') }).toEqual({
        exit: 4,
        stderr: expect.stringMatching(/"public.photo_seq" has room for 0 of the 1 new keys.*Hint: .*--keys keep/),
      })
      expect(await query(live, 'select title from photo')).toEqual([])
      expect(await command(['restore', 'photo', '7', '--yes'], { env })).toMatchObject({ exit: 0 })
    })
  })

  test('takes new keys from a descending sequence below every live one', async () => {
    const sql = photos(
      'increment -1 minvalue -100 maxvalue 100 start 50',
      `delete from photo; insert into photo values (-3, 'low')`,
    )
    await withRestores(sql, async ({ live, env }) => {
      const argv = ['restore', 'photo', '7', '--keys', 'new', '--yes']
      expect(await command(argv, { env })).toMatchObject({ exit: 0 })
      expect(await query(live, 'select id, title from photo order by id')).toEqual([
        { id: '-4', title: 'cat' },
        { id: '-3', title: 'low' },
      ])
      expect(await query(live, `select nextval('photo_seq')`)).toEqual([{ nextval: '-5' }])
    })
  })
})
