import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { formatPlanFile } from '../../src/format/plan/plan-file.ts'
import { hashPlan } from '../../src/plan/plan.ts'
import { makePlan, makeStep } from '../format/plans.ts'
import { runCli } from './runner.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowgraft-usage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('help', () => {
  test('begins with examples and lists the commands', async () => {
    const { code, stdout, stderr } = await runCli(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Examples:\n {2}rowgraft demo /)
    for (const name of ['tables', 'diff', 'show', 'plan', 'restore', 'verify', 'undo', 'runs', 'recover', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
    }
  })

  test('names the commands that do what the terminal UI does, where there is no terminal', async () => {
    const { code, stdout, stderr } = await runCli([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('"rowgraft incidents" tells what was lost')
  })

  test('of a command groups its flags', async () => {
    const { code, stdout } = await runCli(['restore', '--help'])
    expect(code).toBe(0)
    for (const group of ['Databases', 'Selection', 'What comes along', 'Keys and conflicts', 'Running', 'Output']) {
      expect(stdout).toContain(`\n${group}:\n`)
    }
  })

  test('fits the terminal', async () => {
    const { stdout } = await runCli(['restore', '--help'], { columns: 80 })
    const usage = stdout.slice(stdout.indexOf('Usage:'))
    expect(usage.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test("the version is the package's", async () => {
    const { code, stdout } = await runCli(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^rowgraft \d+\.\d+\.\d+\n$/)
    expect((await runCli(['version'])).stdout).toBe(stdout)
  })
})

describe('wrong usage', () => {
  test.each([
    [['difff'], 'unknown command "difff"\nHint: Did you mean diff?\n'],
    [['restor', '--help'], 'unknown command "restor"\nHint: Did you mean restore?\n'],
    [['incident', '-V'], 'unknown command "incident"\nHint: Did you mean incidents?\n'],
    [['help', 'tablse'], 'unknown command "tablse"\nHint: Did you mean tables?\n'],
    [['dump'], 'unknown command "dump"\nHint: The commands are tables, diff, incidents, show, plan,'],
    [['diff', '--row'], 'unknown option "--row"\nHint: Did you mean --rows?\n'],
    [['restore', 'photo', '--huge'], 'unknown option "--huge"\n'],
    [
      ['diff', '--incident', '3'],
      'unknown option "--incident"\nHint: Run "rowgraft diff --help" to see what it takes.\n',
    ],
    [['--live', 'x', 'diff'], 'unknown option "--live"\nHint: Write options after the command:'],
    [['plan', 'photo', '7', '--keys', 'old'], 'Hint: Allowed choices are auto, keep, new.\n'],
    [
      ['plan', 'photo', '7', '--on-conflict', 'gallery=maybe'],
      'argument "gallery=maybe" is invalid\nHint: Write <answer>, <table>=<answer> or',
    ],
    [['restore', 'photo', '7', '--timeout', 'soon'], 'Hint: Write it as 30s, 5min or 500ms.\n'],
    [['restore', 'photo', '7', '--batch-size', '0'], 'Hint: Write a whole number'],
    [['restore', 'plan.json', '--expect', 'abc'], 'Hint: A SHA-256 is 64 hexadecimal digits.\n'],
    [['restore', '--format', 'csv'], 'Hint: Allowed choices are text, json, ndjson.\n'],
    [['undo', 'a', 'b'], 'too many arguments for "undo"\n'],
    [['show', 'photo'], 'no key of "photo" is given\n'],
  ])('%j is refused', async (argv, says) => {
    const { code, stdout, stderr } = await runCli(argv)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
  })

  test.each([
    [[], 'no rows are named\nHint: Name them by <table> <key>..., --where,'],
    [
      ['photo'],
      'no rows of "photo" are named\nHint: Add keys (rowgraft plan photo 7), --where <sql>, or --all-missing',
    ],
    [['photo', '7', '--all-missing'], 'are different ways to name rows of "photo"\n'],
    [['--where', 'id = 7'], '--where needs a table\n'],
    [['a.b.c', '7'], '"a.b.c" is not a table name\n'],
    [['photo', '"7'], 'has a quote that is not closed\n'],
    [['--select', 'photo'], '--select "photo" names no rows\n'],
    [['--under', 'photo'], '--under "photo" names no row\n'],
    [['--keys-from', '/nowhere/keys'], 'cannot read the key file "/nowhere/keys"\n'],
    [['photo', '7', '--columns', 'a,,b'], '--columns "a,,b" names no column\n'],
    [['photo', '7', '--expect', 'a'.repeat(64)], '--expect needs a plan file\n'],
  ])('restore %j is refused before anything is connected to', async (args, says) => {
    const { code, stderr } = await runCli(['restore', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(says)
  })

  test('keys from standard input say which line is wrong', async () => {
    const readStdin = async (): Promise<string> => '{"table":"photo","key":{"id":"7"}}\nnonsense\n'
    const { code, stderr } = await runCli(['plan', '--keys-from', '-'], { readStdin })
    expect(code).toBe(2)
    expect(stderr).toContain('line 2 of the key file is not JSON\n')
  })

  test('databases that are not given are asked for', async () => {
    const env = { ROWGRAFT_LIVE: 'postgres://127.0.0.1:1/x' }
    expect(await runCli(['diff'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'no live database is given\nHint: Give --live postgres://user@host/database, or set ROWGRAFT_LIVE.\n',
    })
    expect((await runCli(['diff'], { env })).stderr).toContain('no backup is given\n')
    expect((await runCli(['undo'], { env: { ROWGRAFT_LIVE: ' ' } })).stderr).toContain('no live database is given\n')
  })

  test('of a command that does not exist is told in JSON, too', async () => {
    const { code, stdout } = await runCli(['nosuch', '--help', '--json'])
    expect({ code, error: JSON.parse(stdout).error.message }).toEqual({ code: 2, error: 'unknown command "nosuch"' })
  })

  test('is a JSON document where JSON is asked for', async () => {
    for (const flags of [['--json'], ['--format', 'json'], ['--format=ndjson']]) {
      const { code, stdout, stderr } = await runCli(['diff', '--nonsense', ...flags])
      expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
      expect(JSON.parse(stdout)).toEqual({
        v: 1,
        error: {
          code: 'usage',
          message: 'unknown option "--nonsense"',
          detail: null,
          hint: 'Run "rowgraft diff --help" to see what it takes.',
        },
      })
    }
  })

  test('never echoes a password', async () => {
    const urls = [
      'postgres://app:s3cret@db1:port/shop',
      'postgres://app:s3cret@db1:99999/shop',
      'host=db1 password=s3cret nonsense',
    ]
    for (const url of urls) {
      for (const argv of [
        ['diff', '--live', url, '--backup', 'x.dump'],
        ['diff', '--live', url, '--backup', 'x.dump', '--json'],
        ['verify', '--live', url, '--debug'],
        ['undo', url, url],
        [url],
      ]) {
        const { code, stdout, stderr } = await runCli(argv)
        expect(code).toBe(2)
        expect(stdout + stderr).not.toContain('s3cret')
      }
    }
  })
})

describe('plan files', () => {
  const save = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }
  const unhashed = makePlan({ steps: [makeStep('gallery', ['7'])] })
  const plan = { ...unhashed, hash: hashPlan(unhashed) }

  test('are shown without a database', async () => {
    const path = await save('plan.json', formatPlanFile(plan))
    const { code, stdout } = await runCli(['show', path])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Plan: 1 row back\. Nothing has been written yet\.\n/)
    expect(JSON.parse((await runCli(['show', path, '--json'])).stdout)).toEqual({ ...plan, hints: [] })
  })

  test('take no flags that would change them', async () => {
    const path = await save('settled.json', formatPlanFile(plan))
    const { code, stderr } = await runCli(['restore', path, '--children', 'none', '--where', 'true'])
    expect(code).toBe(2)
    expect(stderr).toContain('a plan file says everything by itself: --where, --children cannot be added\n')
  })

  test('of another hash than expected are refused', async () => {
    const path = await save('other.json', formatPlanFile(plan))
    const { code, stderr } = await runCli(['restore', path, '--expect', '0'.repeat(64)])
    expect(code).toBe(4)
    expect(stderr).toContain(`found    ${plan.hash}`)
  })

  test('edited beyond their answers are refused', async () => {
    const path = await save('edited.json', formatPlanFile(plan).replace('"7"', '"8"'))
    expect((await runCli(['show', path])).code).toBe(4)
  })

  test('that are no plans are refused', async () => {
    const path = await save('list.json', '[1, 2]')
    const { code, stderr } = await runCli(['restore', path])
    expect(code).toBe(2)
    expect(stderr).not.toContain('    at ')
  })

  test('that are not there are said to be so', async () => {
    const path = join(folder, 'gone.json')
    for (const command of ['restore', 'show']) {
      const { code, stderr } = await runCli([command, path])
      expect(code).toBe(2)
      expect(stderr).toContain(`there is no plan file "${path}"\n`)
    }
  })

  test('never take the place of another file', async () => {
    const path = await save('precious.json', '{"kind":"precious"}')
    const { code, stderr } = await runCli(['plan', 'photo', '7', '--out', path])
    expect(code).toBe(2)
    expect(stderr).toContain(`the file "${path}" exists and is not a plan\n`)
  })
})
