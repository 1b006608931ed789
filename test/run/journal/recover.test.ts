/** What recover says of a run whose COMMIT nobody has seen: the rows are the evidence, the number of the transaction is not. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { withFaultProxy } from '../../support/fault-proxy.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { expectFailure, gallery, journalFiles, pets, type Restores, withRestores } from '../../support/restores.ts'

/** Restores and loses the connection at COMMIT; `isThere` says whether the server has heard it. */
const withLostCommit = (
  isThere: boolean,
  work: (restores: Restores, path: string) => Promise<void>,
  keys: 'auto' | 'new' = 'auto',
): Promise<void> =>
  withRestores(gallery, async (restores) => {
    await withFaultProxy(restores.live, async (proxy) => {
      let isLost = false
      proxy.judge = ({ text }) => {
        // Nor can live be asked what became of it.
        if (isLost) return 'cut'
        isLost = text === 'commit\0'
        return isLost ? (isThere ? 'lose reply' : 'cut') : 'forward'
      }
      const lost = restores.withOpen(
        async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, { keys }), { patience: 100 }),
        { live: proxy.url },
      )
      await expectFailure(lost, 'outcome-unknown', 'rowgraft recover')
    })
    const [path = ''] = await journalFiles(restores.journal)
    await work(restores, path)
  })

/** Changes the number of the transaction in a journal. */
const renumber = async (path: string, number: (xid: bigint) => bigint | string): Promise<void> => {
  const file = await readFile(path)
  const begin = file.indexOf('\nBEGIN ') + 1
  const start = file.indexOf(0x0a, begin) + 1
  const end = file.indexOf(0x0a, start)
  const record: { xid: string } = JSON.parse(file.toString('utf8', start, end))
  const payload = Buffer.from(JSON.stringify({ ...record, xid: String(number(BigInt(record.xid))) }))
  const head = Buffer.from(`BEGIN ${payload.length} ${crc32(payload).toString(16).padStart(8, '0')}\n`)
  await writeFile(path, Buffer.concat([file.subarray(0, begin), head, payload, file.subarray(end)]))
}

const outcomes = ({ withOpen }: Restores): Promise<readonly string[]> =>
  withOpen(async (rowgraft) => (await rowgraft.recover()).runs.map(({ outcome }) => outcome))

describe.concurrent('the list of changed keys', () => {
  test.each([
    ['has its name once recover finds the run in live', true, ['journal', 'keys.csv'], 'committed'],
    ['is gone once recover finds that it is not', false, ['journal'], 'rolled-back'],
  ] as const)('%s', async (_, isThere, files, outcome) => {
    await withLostCommit(
      isThere,
      async (restores, path) => {
        expect((await readdir(dirname(path))).sort()).toEqual(['journal', 'keys.csv.part'])
        expect(await outcomes(restores)).toEqual([outcome])
        expect((await readdir(dirname(path))).sort()).toEqual(files)
      },
      'new',
    )
  })
})

describe.concurrent('recover says of a run', () => {
  test('that was committed, and partly written over since, that it was committed', async () => {
    await withLostCommit(true, async (restores) => {
      await query(restores.live, `update comment set body = 'edited' where gallery_id = 7; delete from photo`)
      expect(await outcomes(restores)).toEqual(['committed'])
      expect(await restores.withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: false })
    })
  })

  test('that was committed, and whose rows have all been frozen, that it was committed', async () => {
    await withLostCommit(true, async (restores) => {
      await query(restores.live, 'vacuum freeze')
      expect(await outcomes(restores)).toEqual(['committed'])
    })
  })

  test('that was committed, and whose rows have all been written again as they were, that it was committed', async () => {
    await withLostCommit(true, async (restores) => {
      await query(
        restores.live,
        'update comment set body = body; update gallery set title = title; update photo set title = title',
      )
      expect(await outcomes(restores)).toEqual(['committed'])
    })
  })

  test('that was committed, and of which nothing is left, that it does not know; what comes next is up to the user', async () => {
    await withLostCommit(true, async (restores) => {
      const { live, env, withOpen } = restores
      await query(live, 'delete from gallery where id = 7')
      const argv = ['restore', 'gallery', '7', '--yes']
      expect(await command(argv, { env })).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('rowgraft recover'),
      })
      const { exit, stdout } = await command(['recover'], { env })
      expect({ exit, stdout }).toEqual({ exit: 6, stdout: expect.stringContaining('unknown') })
      expect(await command(argv, { env })).toMatchObject({ exit: 0 })
      expect(await withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
    })
  })

  test('whose number a crash of the server has given to somebody else, who committed, never that it was committed', async () => {
    await withLostCommit(false, async (restores, path) => {
      const [row] = await query(restores.live, `create table other (); select pg_current_xact_id() as xid`)
      await renumber(path, () => row?.xid ?? '')
      const before = await dumpRows(restores.live)
      expect(await outcomes(restores)).not.toContain('committed')
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test.each([
    ['has not been given out again yet', (xid: bigint) => xid + 1_000_000_000n],
    ['is of another age of the server', () => 3n],
  ])('that was lost, and whose number %s, that it was rolled back', async (_, number) => {
    await withLostCommit(false, async (restores, path) => {
      await renumber(path, number)
      expect(await outcomes(restores)).toEqual(['rolled-back'])
    })
  })

  test('that was committed, and whose number its server does not know, that it was committed', async () => {
    await withLostCommit(true, async (restores, path) => {
      await renumber(path, (xid) => xid + 1_000_000_000n)
      expect(await outcomes(restores)).toEqual(['committed'])
      expect(await restores.withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true })
    })
  })
})
