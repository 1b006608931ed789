/**
 * Whatever becomes of a file that is read back, nobody meets a bug, and live holds what it held, or what a plan that can be reviewed
 * says. ROWGRAFT_MUTATIONS tries more of them.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Plan, parsePlan } from '../../src/index.ts'
import { withoutSentences } from '../../src/plan/file/sentences.ts'
import { hashPlan } from '../../src/plan/plan.ts'
import { type CommandResult, command } from '../support/command.ts'
import { joinRecords, splitRecords } from '../support/journal-records.ts'
import { anyDamage, anyEdit, damageBytes, editJson, writeJson } from '../support/mutations.ts'
import { type Restores, withFolder, withRestores } from '../support/restores.ts'
import { putRows, type Rows, readRows, site, ways, whyUnplanned } from './site.ts'

const total = Number(process.env.ROWGRAFT_MUTATIONS ?? 200)
const seed = Number(process.env.ROWGRAFT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const timeout = 60_000 + total * 2_000

/** The exit codes of some commands, counted. */
class Tally {
  readonly #exits = new Map<string, number>()

  add(name: string, { exit, stdout, stderr }: CommandResult): number {
    expect(`${stdout}${stderr}`).not.toMatch(/TypeError|RangeError|SyntaxError|bug in rowgraft/)
    expect(exit, `${name}: ${stdout}${stderr}`).not.toBe(70)
    if (exit > 0 && exit !== 1) expect(`${stdout}${stderr}`, `${name} says why`).not.toBe('')
    const key = `${name} ${exit}`
    this.#exits.set(key, (this.#exits.get(key) ?? 0) + 1)
    return exit
  }

  toString(): string {
    return [...this.#exits]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, times]) => `${key}: ${times}`)
      .join(', ')
  }
}

/** Tries mutations of one kind, one after the other. */
const tryAll = async <T>(
  what: string,
  share: number,
  mutations: fc.Arbitrary<T>,
  attempt: (mutation: T, tally: Tally) => Promise<void>,
): Promise<void> => {
  const runs = Math.max(1, Math.round(total * share))
  const tally = new Tally()
  console.log(`${runs} mutations of ${what}, seed ${seed} (ROWGRAFT_SEED=${seed} repeats them)`)
  await fc.assert(
    fc.asyncProperty(mutations, (mutation) => attempt(mutation, tally)),
    { numRuns: runs, seed, endOnFailure: true },
  )
  console.log(`${what}: ${tally}`)
}

const emptyFolder = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
}

interface Started extends Restores {
  readonly before: Rows
  readonly folder: string
  readonly run: (argv: readonly string[]) => Promise<CommandResult>
}

const withSite = (work: (started: Started) => Promise<void>): Promise<void> =>
  withRestores(site, (restores) =>
    withFolder(async (folder) => {
      const run = (argv: readonly string[]): Promise<CommandResult> =>
        command([...argv, '--no-input'], { env: restores.env, folder })
      await work({ ...restores, before: await readRows(restores.live), folder, run })
    }),
  )

/** Live holds what it held, or what the plan says; then it is put back. */
const expectPlanned = async (
  { live, before, journal }: Started,
  plan: Plan | null,
  exit: number,
  told: unknown,
): Promise<void> => {
  const after = await readRows(live)
  const isChanged =
    JSON.stringify([...after].map(([, rows]) => [...rows])) !== JSON.stringify([...before].map(([, rows]) => [...rows]))
  if (!isChanged) return
  expect([0, 7], `live is changed: ${JSON.stringify(told)}`).toContain(exit)
  expect(plan, `nobody could review it: ${JSON.stringify(told)}`).not.toBe(null)
  expect(plan === null ? null : whyUnplanned(plan, before, after), JSON.stringify(told)).toBe(null)
  await putRows(live, before)
  await emptyFolder(journal)
}

const planMutation = fc.record({
  way: fc.nat(),
  change: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ edits: fc.array(anyEdit, { minLength: 1, maxLength: 2 }), isSigned: fc.boolean() }),
    },
    { weight: 1, arbitrary: anyDamage },
  ),
})

const sign = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  try {
    return { ...value, hash: hashPlan(withoutSentences(value)) }
  } catch {
    return value
  }
}

const changePlan = (
  text: string,
  { change }: typeof planMutation extends fc.Arbitrary<infer T> ? T : never,
): Buffer => {
  if ('damage' in change) return damageBytes(Buffer.from(text), change)
  const edited = change.edits.reduce((value: unknown, edit) => editJson(value, edit), JSON.parse(text))
  return Buffer.from(writeJson(change.isSigned ? sign(edited) : edited))
}

const readable = (text: string): Plan | null => {
  try {
    return parsePlan(text)
  } catch {
    return null
  }
}

test('a plan file', { timeout }, async () => {
  await withSite(async (started) => {
    const { folder, run } = started
    const file = join(folder, 'plan.json')
    const texts: string[] = []
    for (const way of ways) {
      await run(['plan', ...way, '--out', file])
      texts.push(await readFile(file, 'utf8'))
    }
    await tryAll('a plan', 0.5, planMutation, async (mutation, tally) => {
      const bytes = changePlan(texts[mutation.way % texts.length] ?? '', mutation)
      await writeFile(file, bytes)
      const shown = tally.add('show', await run(['show', file]))
      const json = await run(['show', file, '--json'])
      expect(tally.add('show --json', json)).toBe(shown)
      if (shown === 0) {
        tally.add('show --values', await run(['show', file, '--values']))
        tally.add('rehearse', await run(['restore', file, '--rehearse', '--yes']))
        await expectPlanned(started, null, 4, mutation)
      }
      const exit = tally.add('restore', await run(['restore', file, '--yes']))
      if (shown !== 0) expect(exit, 'what cannot be shown cannot be run').toBe(shown)
      await expectPlanned(started, shown === 0 ? readable(json.stdout) : null, exit, mutation)
    })
  })
})

const journalMutation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), at: fc.nat(), edit: anyEdit, isSigned: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      at: fc.nat(),
      other: fc.nat(),
      how: fc.constantFrom('remove', 'double', 'swap'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rows' as const),
      at: fc.nat(),
      how: fc.constantFrom('widen', 'narrow', 'cut', 'empty', 'name'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bytes' as const), damage: anyDamage }) },
)

type JournalMutation = typeof journalMutation extends fc.Arbitrary<infer T> ? T : never

const changeRows = (rows: string, how: string): string => {
  if (how === 'widen') return rows.replace('\n', '\tmore\n')
  if (how === 'narrow') return rows.replace(/\t[^\t\n]*\n/, '\n')
  if (how === 'cut') return rows.slice(0, -1)
  if (how === 'empty') return rows.replace(/\t[^\t\n]*/, '\t\\N')
  return rows.replace(/^[^\t\n]*/, 'neither')
}

const changeJournal = (file: Buffer, mutation: JournalMutation): Buffer => {
  if (mutation.kind === 'bytes') return damageBytes(file, mutation.damage)
  const records = [...splitRecords(file)]
  if (mutation.kind === 'order') {
    const [at, other] = [mutation.at % records.length, mutation.other % records.length]
    const [one, two] = [records[at], records[other]]
    if (one === undefined || two === undefined) return file
    if (mutation.how === 'remove') records.splice(at, 1)
    else if (mutation.how === 'double') records.splice(at, 0, one)
    else [records[at], records[other]] = [two, one]
    return joinRecords(records)
  }
  const isJson = ({ type }: { readonly type: string }): boolean => ['PLAN', 'RUN', 'BEGIN', 'STREAM'].includes(type)
  const meant = records.filter((each) => (mutation.kind === 'rows' ? each.type === 'DATA' : isJson(each)))
  const chosen = meant[mutation.at % meant.length]
  return joinRecords(
    records.map((each) => {
      if (each !== chosen) return each
      if (mutation.kind === 'rows')
        return { ...each, payload: Buffer.from(changeRows(each.payload.toString(), mutation.how)) }
      const edited = editJson(JSON.parse(each.payload.toString()), mutation.edit)
      // The hash of the plan is left as it is: somebody who makes that anew, too, has written another journal.
      return { ...each, payload: Buffer.from(writeJson(edited)) }
    }),
  )
}

test('a journal', { timeout }, async () => {
  await withSite(async (started) => {
    const { live, before, journal, run } = started
    for (const way of [
      ['gallery', '7', '--keys', 'new'],
      ['gallery', '5', '--on-conflict', 'overwrite'],
    ]) {
      await emptyFolder(journal)
      await putRows(live, before)
      expect(await run(['restore', ...way, '--yes'])).toMatchObject({ exit: 0 })
      const [id = ''] = await readdir(journal)
      const path = join(journal, id, 'journal')
      const whole = await readFile(path)
      const restored = await readRows(live)
      await tryAll(`the journal of ${way.join(' ')}`, 0.125, journalMutation, async (mutation, tally) => {
        await writeFile(path, changeJournal(whole, mutation))
        tally.add('runs', await run(['runs']))
        tally.add('verify', await run(['verify']))
        tally.add('diff', await run(['diff', '--json']))
        tally.add('recover', await run(['recover']))
        const exit = tally.add('undo', await run(['undo', '--yes']))
        const after = await readRows(live)
        expect(after, JSON.stringify(mutation)).toEqual(exit === 0 ? before : restored)
        if (exit === 0) await putRows(live, restored)
        for (const name of await readdir(journal)) if (name !== id) await rm(join(journal, name), { recursive: true })
      })
    }
  })
})

test('the plan of an undo', { timeout }, async () => {
  await withSite(async (started) => {
    const { live, before, journal, folder, run, withOpen } = started
    expect(await run(['restore', 'gallery', '7', '--keys', 'new', '--yes'])).toMatchObject({ exit: 0 })
    const restored = await readRows(live)
    const [id = ''] = await readdir(journal)
    const text = JSON.stringify(await withOpen((rowgraft) => rowgraft.undoPlan()))
    const file = join(folder, 'undo.json')
    await tryAll('an undo', 0.1, planMutation, async (mutation, tally) => {
      await writeFile(file, changePlan(text, mutation))
      tally.add('show', await run(['show', file]))
      const exit = tally.add('restore', await run(['restore', file, '--yes']))
      const after = await readRows(live)
      if (exit !== 0) expect(after, JSON.stringify(mutation)).toEqual(restored)
      else
        expect([
          JSON.stringify([...before.values()].map((rows) => [...rows].sort())),
          JSON.stringify([...restored.values()].map((rows) => [...rows].sort())),
        ]).toContain(JSON.stringify([...after.values()].map((rows) => [...rows].sort())))
      if (exit === 0) await putRows(live, restored)
      for (const name of await readdir(journal)) if (name !== id) await rm(join(journal, name), { recursive: true })
    })
  })
})

const lineMutation = fc.oneof(
  { weight: 2, arbitrary: fc.record({ line: fc.nat(), edit: anyEdit }) },
  { weight: 1, arbitrary: anyDamage },
)

test('a file of keys', { timeout }, async () => {
  await withSite(async (started) => {
    const { folder, run } = started
    const listed = await run(['diff', '--rows', '--missing', '--format', 'ndjson'])
    const lines = listed.stdout.trimEnd().split('\n')
    const file = join(folder, 'keys.ndjson')
    await tryAll('a file of keys', 0.1, lineMutation, async (mutation, tally) => {
      const changed =
        'damage' in mutation
          ? damageBytes(Buffer.from(listed.stdout), mutation)
          : lines
              .map((line, index) =>
                index === mutation.line % lines.length
                  ? writeJson(editJson(JSON.parse(line), mutation.edit)).replace(/\n */g, ' ')
                  : line,
              )
              .join('\n')
      await writeFile(file, changed)
      const argv = ['--keys-from', file, '--on-conflict', 'skip']
      const planned = await run(['plan', ...argv, '--json'])
      tally.add('plan', planned)
      const exit = tally.add('restore', await run(['restore', ...argv, '--yes']))
      await expectPlanned(started, readable(planned.stdout), exit, mutation)
    })
  })
})

const config = {
  softDelete: {},
  identities: { tag: ['id'] },
  junctions: ['photo_tag'],
  exclude: [],
  relations: [{ from: 'comment', columns: ['gallery_id'], to: 'gallery', toColumns: ['id'], onDelete: 'cascade' }],
  polymorphic: [],
  schemas: { public: 'public' },
  columns: { photo: { title: 'title' } },
  never: { tag: 'id > 100' },
  settings: { 'app.user': 'somebody' },
  profiles: { night: { role: 'postgres', settings: { 'app.user': 'nobody' }, protect: true } },
  files: { 'photo.title': { folder: '.' } },
  protect: false,
}

const configMutation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ edits: fc.array(anyEdit, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: anyDamage },
)

test('a config file', { timeout }, async () => {
  await withSite(async (started) => {
    const { folder, run } = started
    const text = writeJson(config)
    await tryAll('a config file', 0.1, configMutation, async (mutation, tally) => {
      const changed =
        'damage' in mutation
          ? damageBytes(Buffer.from(text), mutation)
          : writeJson(mutation.edits.reduce((value: unknown, edit) => editJson(value, edit), config))
      await writeFile(join(folder, 'rowgraft.config.json'), changed)
      tally.add('tables', await run(['tables']))
      const planned = await run(['plan', 'gallery', '7', '--json'])
      tally.add('plan', planned)
      const exit = tally.add('restore', await run(['restore', 'gallery', '7', '--yes']))
      await expectPlanned(started, readable(planned.stdout), exit, mutation)
    })
  })
})
