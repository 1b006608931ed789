import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { parseJson } from '../../src/documents/json.ts'
import { runCli } from '../cli/runner.ts'
import { withFolder } from '../support/restores.ts'

const line = '{"table":"photo","key":{"id":"7"}}\n'

describe.each<readonly [string, Buffer, string]>([
  ['in UTF-16', Buffer.from(`\ufeff${line}`, 'utf16le'), 'It is UTF-16'],
  ['in UTF-16 without a mark', Buffer.from(line, 'utf16le'), 'It has NUL bytes in it'],
  ['with a byte order mark', Buffer.from(`\ufeff${line}`), 'It begins with a byte order mark'],
  ['that is not UTF-8', Buffer.concat([Buffer.from([0xc3, 0x28]), Buffer.from(line)]), 'It is not UTF-8'],
])('a text file %s', (_, bytes, why) => {
  test.each([
    ['plan', ['show', 'p.json']],
    ['key file', ['plan', '--keys-from', 'p.json', '--live', 'postgres://nobody', '--backup', 'postgres://nobody']],
  ])('is refused as a %s', (_name, argv) =>
    withFolder(async (folder) => {
      const path = join(folder, 'p.json')
      await writeFile(path, bytes)
      const { code, stderr } = await runCli(argv.map((each) => (each === 'p.json' ? path : each)))
      expect({ code, stderr: stderr.replace(/\s+/g, ' ') }).toEqual({ code: 2, stderr: expect.stringContaining(why) })
    }),
  )
})

describe('where a file should be', () => {
  test('a folder is refused, as a plan and as a config file', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'p.json'))
      const { code, stderr } = await runCli(['show', join(folder, 'p.json')])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('It is a folder.') })
      await mkdir(join(folder, 'rowgraft.config.ts'))
      await expect(loadConfig(undefined, folder)).rejects.toMatchObject({ code: 'bad-file' })
    }))

  test('nobody waits for a pipe that nobody writes into', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'p.json')
      execFileSync('mkfifo', [path])
      const { code, stderr } = await runCli(['show', path])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('It is no ordinary file.') })
    }))
})

describe('JSON', () => {
  test('is read where brackets stand in its strings', () => {
    const value = { text: '['.repeat(500), quoted: `"[\\"${'{'.repeat(200)}\\` }
    expect(parseJson(JSON.stringify(value))).toEqual({ value })
  })

  test('is refused where it is nested without end', () => {
    expect(parseJson('['.repeat(1_000_000))).toEqual({ why: 'It is nested more than 100 levels deep.' })
  })
})

test('a column of a config file may be called as what objects have from birth', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'rowgraft.config.json'), '{"columns":{"photo":{"constructor":"maker"}}}')
    const { config } = await loadConfig(undefined, folder)
    expect(config).toEqual({ columns: { photo: { constructor: 'maker' } } })
    await writeFile(join(folder, 'rowgraft.config.json'), '{"columns":{"photo":{"__proto__":7}}}')
    await expect(loadConfig(undefined, folder)).rejects.toMatchObject({
      message: expect.stringContaining('"columns.photo.__proto__" that is not a text'),
    })
  }))
