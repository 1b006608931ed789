/** What a run wrote down, and what is handed to a run, is believed only where it fits: nothing is written otherwise. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hashPlan } from '../../../src/plan/plan.ts'
import { command } from '../../support/command.ts'
import { withDatabases } from '../../support/databases.ts'
import { joinRecords, type PlainRecord, splitRecords } from '../../support/journal-records.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { gallery, journalFiles, type Restores, withFolder, withRestores } from '../../support/restores.ts'

/** What somebody else may have made of a document: nothing is known of it. */
type Document = Record<string, unknown> & { steps: Record<string, unknown>[] }

interface Written extends Restores {
  readonly path: string
  readonly records: readonly PlainRecord[]
  readonly put: (records: readonly PlainRecord[], version?: number) => Promise<void>
  /** Runs a command, which is to refuse for a reason, and to leave live alone. */
  readonly refused: (argv: readonly string[], says: string) => Promise<void>
}

const withWritten = (work: (written: Written) => Promise<void>): Promise<void> =>
  withRestores(gallery, async (restores) => {
    const { live, env, journal } = restores
    expect(await command(['restore', 'gallery', '7', '--keys', 'new', '--yes'], { env })).toMatchObject({ exit: 0 })
    const [path = ''] = await journalFiles(journal)
    const before = await dumpRows(live)
    await work({
      ...restores,
      path,
      records: splitRecords(await readFile(path)),
      put: (records, version) => writeFile(path, joinRecords(records, version)),
      refused: async (argv, says) => {
        const { exit, stderr } = await command(argv, { env })
        const told = stderr.replace(/\s+/g, ' ')
        expect({ exit, told }).toEqual({ exit: 4, told: expect.stringContaining(says) })
        expect(told).toContain(basename(dirname(path)))
        expect(await dumpRows(live)).toEqual(before)
      },
    })
  })

/** The records, one of them with another payload. */
const changed = (records: readonly PlainRecord[], type: string, change: (text: string) => string) => {
  const index = records.findIndex((each) => each.type === type)
  return records.map((each, own) =>
    own === index ? { type, payload: Buffer.from(change(each.payload.toString())) } : each,
  )
}

const changedJson = (records: readonly PlainRecord[], type: string, change: (document: Document) => unknown) =>
  changed(records, type, (text) => {
    const document: Document = JSON.parse(text)
    return JSON.stringify(change(document) ?? document)
  })

describe.concurrent('a journal whose checksums fit is not believed', () => {
  test('of another version', () =>
    withWritten(async ({ records, put, refused }) => {
      await put(records, 2)
      await refused(['undo', '--yes'], 'has version 2 This rowgraft reads version 1.')
    }))

  test.each<readonly [string, (records: readonly PlainRecord[]) => readonly PlainRecord[], string]>([
    [
      'with a plan that is none',
      (all) => changedJson(all, 'PLAN', () => ({})),
      'PLAN record has a "live" that is missing',
    ],
    ['with a plan that is no JSON', (all) => changed(all, 'PLAN', () => '{'), 'PLAN record is not JSON'],
    [
      'with a run of no name',
      (all) => changedJson(all, 'RUN', (run) => ({ ...run, run: '../x' })),
      'RUN record has a "run" that is not the id of a run',
    ],
    [
      'with fewer keys than rows',
      (all) =>
        changedJson(all, 'PLAN', (plan) => {
          Object.assign(plan.steps[0] ?? {}, { rows: 9 })
        }),
      'its plan contradicts itself',
    ],
    ['with records out of order', (all) => [...all.slice(0, 2), ...all.slice(3), ...all.slice(2, 3)], 'damaged'],
    [
      'with other columns of its plan',
      (all) =>
        changedJson(all, 'PLAN', (plan) => {
          Object.assign(plan.steps.at(-1) ?? {}, { columns: ['title'] })
        }),
      'the hash of its plan is not that of what stands there',
    ],
    [
      'with a row of more values',
      (all) => changed(all, 'DATA', (rows) => rows.replace('\n', '\tmore\n')),
      'values for',
    ],
  ])('%s', (_, change, says) =>
    withWritten(async ({ records, put, refused }) => {
      await put(change(records))
      await refused(['undo', '--yes'], says)
    }),
  )

  test('with a written row that has no key, is cut off, or was neither inserted nor updated', () =>
    withWritten(async ({ records, put, refused }) => {
      const isWritten = (index: number): boolean =>
        records[index]?.type === 'DATA' && records[index - 1]?.payload.includes('"written"') === true
      for (const [change, says] of [
        [(rows: string) => rows.replace(/\t[^\t]*/, '\t\\N'), 'has a key that is NULL'],
        [(rows: string) => rows.slice(0, -1), 'is cut off'],
        [(rows: string) => rows.replace(/^\w+/, 'moved'), 'was neither inserted nor updated'],
        [(rows: string) => rows.replace(/^(\w+\t\d+\t)-?\d+/, '$11,2'), 'has a digest that is none'],
      ] as const) {
        const index = records.findIndex((_, own) => isWritten(own))
        await put(
          records.map((each, own) =>
            own === index ? { ...each, payload: Buffer.from(change(each.payload.toString())) } : each,
          ),
        )
        await refused(['undo', '--yes'], says)
      }
    }))

  test('that is a folder', () =>
    withWritten(async ({ path, refused }) => {
      await rm(path)
      await mkdir(path)
      await refused(['undo', '--yes'], 'It is no ordinary file.')
    }))
})

test('a journal of another live, whatever plan it has, stops nobody', async () => {
  await withWritten(async ({ records, put, env }) => {
    await put(changedJson(records, 'PLAN', () => ({})))
    await withDatabases(gallery, async ({ live, backup }) => {
      const others = { ...env, ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup }
      expect(await command(['restore', 'gallery', '7', '--yes'], { env: others })).toMatchObject({ exit: 0 })
      expect(await command(['undo', '--yes'], { env: others })).toMatchObject({ exit: 0 })
    })
  })
})

/** A plan file with another hash, made anew for what it has become. */
const withForged = (
  argv: readonly string[],
  change: (plan: Document) => void,
  work: (forged: { readonly env: Readonly<Record<string, string>>; readonly path: string }) => Promise<void>,
): Promise<void> =>
  withRestores(gallery, ({ live, env }) =>
    withFolder(async (folder) => {
      const path = join(folder, 'plan.json')
      expect(await command(['plan', ...argv, '--out', path], { env })).toMatchObject({ exit: 0 })
      const plan: Document = JSON.parse(await readFile(path, 'utf8'))
      change(plan)
      await writeFile(path, JSON.stringify({ ...plan, hash: hashPlan(plan) }))
      const before = await dumpRows(live)
      await work({ env, path })
      expect(await dumpRows(live)).toEqual(before)
    }),
  )

const put = (plan: Document, index: number, parts: object): void => {
  Object.assign(plan.steps[index] ?? {}, parts)
}

describe.concurrent('a plan whose hash was made anew is not run', () => {
  test.each<readonly [string, (plan: Document) => void, string]>([
    [
      'that inserts fewer columns than it would write',
      (plan) => put(plan, 0, { columns: ['id', 'slug'] }),
      'it would insert other columns of "public.gallery" than both sides have',
    ],
    [
      'that updates a column nobody has',
      (plan) => put(plan, 2, { columns: ['nothing'] }),
      '"steps[2].columns" has others than those of',
    ],
    [
      'with keys of other columns than the table',
      (plan) => put(plan, 0, { keys: [['7'], ['8']] }),
      'a key of "public.gallery" has 1 columns, and the plan\'s 2',
    ],
    [
      'on a table that was another one',
      (plan) =>
        Object.assign(plan, { fingerprints: { ...(plan.fingerprints as object), 'public.gallery': 'f'.repeat(64) } }),
      'table "public.gallery" was altered since the plan was made',
    ],
    [
      'that raises other sequences than it says',
      (plan) => Object.assign(plan, { sequences: [] }),
      'other sequences make the keys of its rows',
    ],
    [
      'that deletes',
      (plan) => put(plan, 2, { action: 'delete', columns: [], guards: ['1', '2'] }),
      '"steps[2].action" is "delete", and the plan is no undo',
    ],
  ])('%s', (_, change, says) =>
    withForged(['gallery', '7'], change, async ({ env, path }) => {
      const { exit, stderr } = await command(['restore', path, '--yes'], { env })
      expect({ exit, told: stderr.replace(/\s+/g, ' ') }).toEqual({ exit: 4, told: expect.stringContaining(says) })
    }),
  )
})

test('a plan does not keep silent about a trigger that reaches outside', async () => {
  await withRestores(
    {
      ...gallery,
      schema: `${gallery.schema}
        create function tell() returns trigger language plpgsql as 'begin notify changed; return new; end';
        create trigger told after insert on gallery for each row execute function tell();`,
    },
    ({ live, env }) =>
      withFolder(async (folder) => {
        const path = join(folder, 'plan.json')
        expect(await command(['plan', 'gallery', '7', '--out', path], { env })).toMatchObject({ exit: 4 })
        const plan: Document = JSON.parse(await readFile(path, 'utf8'))
        const silent = {
          ...plan,
          conflicts: [],
          answers: {},
          answered: {},
          triggers: [{ table: 'public.gallery', name: 'told', events: ['insert'], reachesOutside: null, fires: true }],
        }
        await writeFile(path, JSON.stringify({ ...silent, hash: hashPlan(silent) }))
        const { exit, stderr } = await command(['restore', path, '--yes'], { env })
        expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('which it does not say') })
        expect(await query(live, `select from gallery where id = 7`)).toEqual([])
      }),
  )
})

test('a plan that says it is an undo takes back what the journal says, and nothing else', async () => {
  await withWritten(async ({ env, live, withOpen }) => {
    const before = await dumpRows(live)
    const undo = await withOpen((rowgraft) => rowgraft.undoPlan())
    await withFolder(async (folder) => {
      const path = join(folder, 'undo.json')
      const forged = { ...undo, steps: undo.steps.filter(({ action }) => action === 'delete') }
      await writeFile(path, JSON.stringify({ ...forged, hash: hashPlan(forged) }))
      const { exit, stderr } = await command(['restore', path, '--yes'], { env })
      expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('is not what takes back run') })
      expect(await dumpRows(live)).toEqual(before)
      await writeFile(path, JSON.stringify(undo))
      expect(await command(['restore', path, '--yes'], { env })).toMatchObject({ exit: 0 })
    })
  })
})
