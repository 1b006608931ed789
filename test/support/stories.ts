import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type CommandOptions, type CommandResult, command } from './command.ts'
import type { WithLive } from './databases.ts'
import { dumpRows, query } from './queries.ts'

/** One way to restore in a story. */
export interface StoryCase {
  readonly name: string
  /** Arguments after `rowgraft restore`. */
  readonly args: readonly string[]
  readonly exit: number
  readonly note: string
  /** Columns a trigger writes during the undo. */
  readonly undoExcept?: readonly string[]
}

/** A folder under fixtures/. A config file in it holds for every command of the story. */
export interface Story {
  readonly name: string
  readonly folder: string
  readonly story: string
  readonly cases: readonly StoryCase[]
  readonly minServer?: number
  readonly sql: { readonly schema: string; readonly backup: string; readonly live: string }
}

const fixtures = join(import.meta.dirname, '../../fixtures')

export const readStories = async (): Promise<readonly Story[]> => {
  const names = (await readdir(fixtures)).sort()
  return Promise.all(
    names.map(async (name) => {
      const folder = join(fixtures, name)
      const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8')
      const selection = JSON.parse(await read('selection.json')) as Pick<Story, 'story' | 'cases' | 'minServer'>
      const sql = { schema: await read('schema.sql'), backup: await read('backup.sql'), live: await read('live.sql') }
      return { name, folder, ...selection, sql }
    }),
  )
}

type Run = (argv: readonly string[], options: CommandOptions) => Promise<CommandResult>

/** Runs commands in the story's folder, where its config file is found. */
const runIn =
  (folder: string): Run =>
  async (argv, options) => {
    const { stderr, ...result } = await command(argv, { ...options, folder })
    return { ...result, stderr: stderr.replace(/^Config: .*\n/m, '') }
  }

/** What changed in live, row by row. */
export const compare = (before: readonly string[], after: readonly string[]): string => {
  const [had, has] = [new Set(before), new Set(after)]
  const gone = before.filter((line) => !has.has(line)).map((line) => `- ${line}`)
  const come = after.filter((line) => !had.has(line)).map((line) => `+ ${line}`)
  const lines = [...gone, ...come].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1))
  return lines.length === 0 ? '(live is unchanged)\n' : `${lines.join('\n')}\n`
}

const withFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-journal-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The value each sequence hands out next. */
export const readSequences = async (url: string): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await query(
    url,
    `select schemaname || '.' || sequencename as name, sign(increment_by) as direction,
            coalesce(last_value + increment_by, start_value) as next
     from pg_sequences
     order by 1`,
  )
  return new Map(rows.map(({ name, next }) => [name ?? '', BigInt(next ?? '0')]))
}

/** Sequences that moved; none may ever be lowered (all of the stories ascend). */
export const compareSequences = (before: ReadonlyMap<string, bigint>, after: ReadonlyMap<string, bigint>): string =>
  [...after]
    .filter(([name, next]) => next !== before.get(name))
    .map(([name, next]) => {
      expect(next > (before.get(name) ?? next), `sequence ${name} is not lowered`).toBe(true)
      return `${name}: next ${next}, was ${before.get(name)}\n`
    })
    .join('')

interface DiffDocument {
  readonly tables: readonly { readonly missing: number; readonly reused: number }[]
}

const countLost = async (run: Run, env: Readonly<Record<string, string>>): Promise<number> => {
  const { stdout } = await run(['diff', '--json'], { env })
  const { tables } = JSON.parse(stdout) as DiffDocument
  return tables.reduce((sum, { missing, reused }) => sum + missing + reused, 0)
}

interface ReportDocument {
  readonly tables: readonly { readonly inserted: number }[]
  readonly keys: readonly unknown[]
}

/**
 * Plays one case: plan, restore, verify, plan again, restore again (also without the journal), undo. Returns the plan's text and what
 * changed in live; everything that holds for every story is asserted here.
 */
export const playCase = async (
  story: Story,
  each: StoryCase,
  withLive: WithLive,
): Promise<{ plan: string; after: string }> => {
  const { args, exit } = each
  const planArgs = args.filter((argument) => argument !== '--strict')
  const run = runIn(story.folder)
  await withLive(({ live, backup }) =>
    withFolder(async (journal) => {
      const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, ROWGRAFT_JOURNAL: journal }
      const before = await dumpRows(live)
      const rehearsed = await run(['restore', ...args, '--rehearse', '--yes'], { env })
      expect(await dumpRows(live), 'a rehearsal writes nothing').toEqual(before)
      expect(rehearsed.exit, `${rehearsed.stdout}${rehearsed.stderr}`).toBe(exit)
      const file = join(journal, 'plan.json')
      await run(['plan', ...planArgs, '--out', file], { env })
      if (!(await isThere(file))) return
      const strict = args.includes('--strict') ? ['--strict'] : []
      const reread = await run(['restore', file, ...strict, '--rehearse', '--yes'], { env })
      expect(reread.exit, `from its file: ${reread.stdout}${reread.stderr}`).toBe(exit)
    }),
  )
  return withLive(({ live, backup }) =>
    withFolder(async (journal) => {
      const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, ROWGRAFT_JOURNAL: journal }
      const before = await dumpRows(live)
      const sequences = await readSequences(live)
      const planned = await run(['plan', ...planArgs], { env })
      const plan = `${planned.stdout}${planned.stderr}(exit ${planned.exit})\n`
      expect(await dumpRows(live), 'a plan writes nothing').toEqual(before)
      expect(compareSequences(sequences, await readSequences(live)), 'a plan takes no keys').toBe('')
      return restoreAndUndo(each, { run, env, before, sequences, plan, planned: planned.exit })
    }),
  )
}

interface Start {
  readonly run: Run
  readonly env: Readonly<Record<string, string>> & { readonly ROWGRAFT_LIVE: string }
  readonly before: readonly string[]
  readonly sequences: ReadonlyMap<string, bigint>
  readonly plan: string
  readonly planned: number
}

const restoreAndUndo = async (
  { args, exit, undoExcept }: StoryCase,
  { run, env, before, sequences, plan, planned }: Start,
): Promise<{ plan: string; after: string }> => {
  const live = env.ROWGRAFT_LIVE
  const except = new Set(undoExcept)
  const start = await dumpRows(live, except)
  const lost = await countLost(run, env)
  const restored = await run(['restore', ...args, '--yes', '--json'], { env })
  expect(restored.exit, `${restored.stdout}${restored.stderr}`).toBe(exit)
  const restoredRows = await dumpRows(live)
  const after = compare(before, restoredRows) + compareSequences(sequences, await readSequences(live))
  if (exit !== 0 && exit !== 7) {
    expect(restoredRows, 'a refusal writes nothing').toEqual(before)
    return { plan: exit === planned ? plan : `${plan}${formatFailure(restored.stdout)}`, after }
  }
  if (after.startsWith('(')) return { plan, after }
  const report = JSON.parse(restored.stdout) as ReportDocument
  // A row that an overwrite puts in a live row's place is back as well, without being inserted.
  if (report.keys.length === 0 && !args.some((arg) => arg === '--on-conflict' || arg === '--set')) {
    const back = report.tables.reduce((sum, { inserted }) => sum + inserted, 0)
    expect(await countLost(run, env), 'what was inserted is no longer missing').toBe(lost - back)
  }
  const verified = await run(['verify'], { env })
  expect(verified.exit, verified.stdout + verified.stderr).toBe(0)
  const planArgs = args.filter((argument) => argument !== '--strict')
  const again = await run(['plan', ...planArgs, '--json'], { env })
  expect((JSON.parse(again.stdout) as { steps: unknown }).steps, 'the second plan has no steps').toEqual([])
  if (!args.includes('--again')) {
    await withFolder(async (other) => {
      await run(['restore', ...args, '--yes'], { env: { ...env, ROWGRAFT_JOURNAL: other } })
      expect(await dumpRows(live), 'a second restore without the journal writes nothing').toEqual(restoredRows)
    })
  }
  const undone = await run(['undo', '--yes'], { env })
  expect(undone.exit, undone.stdout + undone.stderr).toBe(0)
  expect(await dumpRows(live, except), 'an undo gives the start back').toEqual(start)
  return { plan, after }
}

const formatFailure = (stdout: string): string => {
  const { error } = JSON.parse(stdout) as { error: { message: string; detail?: string; hint?: string } }
  return [error.message, error.detail, error.hint]
    .filter((line) => line)
    .join('\n')
    .concat('\n')
}
