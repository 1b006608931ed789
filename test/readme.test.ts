/** Every command of the README is run on the demo's databases, block by block, and ends as is told here. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type DatabasePair, withDatabases } from './support/databases.ts'
import { hasPsql } from './support/psql.ts'
import { site } from './tui/demo-site.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'README.md'), 'utf8')

/** A command, and the lines that the README shows of what it prints. */
interface Shown {
  readonly command: string
  readonly lines: readonly string[]
}

/** Commands whose exit code is not 0: differences are told by 1, and nobody looks at a screen here. */
const exits: Readonly<Record<string, number>> = {
  rowgraft: 2,
  'rowgraft diff': 1,
  'rowgraft incidents': 1,
}

/** What asks a person is confirmed by a flag here. */
const asks = /^rowgraft (restore (?!.*--(yes|rehearse))|undo\b)/

const isCommand = (line: string): boolean => /^(\$ )?(rowgraft|psql)( |$)/.test(line)

const commandOf = (line: string): string => line.replace(/^\$ /, '').replace(/ +# .*$/, '')

/** The indented blocks with commands in them, in their order. Only after a `$` do lines of output follow. */
const blocks: readonly (readonly Shown[])[] = text
  .split(/\n(?=\S)/)
  .map((paragraph) =>
    paragraph.split('\n').flatMap((line) => (line.startsWith('    ') || line === '' ? [line.slice(4)] : [])),
  )
  .map((lines) =>
    lines.flatMap((line, at): readonly Shown[] => {
      if (!isCommand(line)) return []
      const rest = lines.slice(at + 1)
      const next = rest.findIndex(isCommand)
      const output = line.startsWith('$ ') ? rest.slice(0, next === -1 ? rest.length : next) : []
      return [{ command: commandOf(line), lines: output.filter((own) => own.trim() !== '') }]
    }),
  )
  .filter((shown) => shown.length > 0)

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder with `rowgraft` on the PATH. */
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rowgraft-readme-'))
  folders.push(folder)
  const program = join(folder, 'rowgraft')
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'src/cli/bin.ts')}" "$@"\n`)
  chmodSync(program, 0o755)
  return folder
}

const environment = ({ live, backup }: DatabasePair, folder: string): Readonly<Record<string, string>> => {
  const url = new URL(live)
  const plan = join(folder, 'plan.json')
  return {
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    ROWGRAFT_LIVE: live,
    ROWGRAFT_BACKUP: backup,
    ROWGRAFT_JOURNAL: join(folder, 'journal'),
    REVIEWED_SHA256: existsSync(plan) ? JSON.parse(readFileSync(plan, 'utf8')).hash : '',
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: url.username,
    PGPASSWORD: url.password,
    PGDATABASE: url.pathname.slice(1),
  }
}

const runIn = (folder: string, command: string, databases: DatabasePair): Promise<{ exit: number; stdout: string }> =>
  new Promise((resolve) => {
    const options = { cwd: folder, env: environment(databases, folder) }
    const child = execFile('sh', ['-c', command], options, (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : Number(error.code ?? -1), stdout: stdout + stderr })
    })
    child.stdin?.end()
  })

/** How long it took is another time each time. */
const timeless = (line: string): string => line.replace(/\bin [\d.]+ m?s\b/, 'in 0.1 s').trimEnd()

/** Lines stand in this order in what is printed; at `…` others may stand between them. */
const expectShown = (printed: string, lines: readonly string[]): void => {
  const all = printed
    .split('\n')
    .map(timeless)
    .filter((line) => line.trim() !== '')
  let at = 0
  let mayLeap = false
  for (const line of lines.map(timeless)) {
    if (line.trim() === '…') mayLeap = true
    else {
      const found = mayLeap ? all.indexOf(line, at) : at
      expect(all[found], `after ${all[at - 1]}`).toBe(line)
      at = found + 1
      mayLeap = false
    }
  }
  if (!mayLeap && lines.length > 0) expect(all.slice(at)).toEqual([])
}

describe.skipIf(!hasPsql)('the README (needs psql)', () => {
  test('has the blocks of commands that are run here', () => {
    expect(blocks.map((block) => block.length)).toEqual([4, 8, 2, 4, 3])
  })

  test.each(blocks.map((block) => [block[0]?.command ?? '', block] as const))(
    'does what it says from %s on',
    { timeout: 120_000 },
    async (_, block) => {
      await withDatabases(site, async (databases) => {
        const folder = makeFolder()
        for (const { command, lines } of block) {
          const { exit, stdout } = await runIn(folder, asks.test(command) ? `${command} --yes` : command, databases)
          expect({ command, exit, ...(exit === (exits[command] ?? 0) ? {} : { stdout }) }).toEqual({
            command,
            exit: exits[command] ?? 0,
          })
          expectShown(stdout, lines)
          if (command.endsWith('> keys.ndjson')) {
            expect(readFileSync(join(folder, 'keys.ndjson'), 'utf8').split('\n')).toHaveLength(20)
          }
          if (command.includes('--statement')) expect(stdout).toMatch(/committed\.\n/)
        }
      })
    },
  )
})
