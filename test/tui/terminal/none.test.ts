/** Terminals that can show less, or nothing at all. */
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { withDatabases } from '../../support/databases.ts'
import { type Terminal, withTerminal } from '../../support/terminal.ts'
import { program, withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { untilCounted } from './terminal-story.ts'

/** Codes of colours in what was sent: 30-37, 38, 39, 40-49, 90-107. */
const colours = (raw: string): readonly string[] =>
  [...raw.split('\x1b').map((part) => /^\[([\d;:]*)m/.exec(part) ?? [])]
    .map(([, codes = '']) => codes)
    .filter((codes) => codes.split(/[;:]/).some((code) => /^(3\d|4\d|9\d|10\d)$/.test(code)))

const instead = [/the terminal UI needs a terminal/, /rowgraft incidents/, /rowgraft restore --incident/]

test('without a terminal it names the commands that do the same', async () => {
  const { code, text } = await new Promise<{ code: unknown; text: string }>((resolve) => {
    const line = `set -o pipefail; '${process.execPath}' '${program}' < /dev/null 2>&1 | cat`
    execFile('bash', ['-c', line], { env: { PATH: process.env.PATH } }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, text: stdout }),
    )
  })
  expect(code).toBe(2)
  for (const words of instead) expect(text).toMatch(words)
  expect(text).toContain('standard input and output are no terminal')
  expect(text).not.toContain('\x1b')
})

test.each([
  [{ TERM: 'dumb' }, 'TERM=dumb'],
  [{ CI: '1' }, 'CI is set'],
])('none with %o', async (env, why) => {
  await withTerminal({ command: process.execPath, args: [program], columns: 200, env }, async (terminal) => {
    expect(await terminal.exit).toEqual({ code: 2, signal: null })
    for (const words of [...instead, why]) expect(terminal.screen()).toMatch(words)
    expect(terminal.raw()).not.toContain('\x1b[?')
  })
})

test('NO_COLOR takes all colours away, and the state stays readable', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, { env: { NO_COLOR: '1' } }, async (terminal) => {
      await untilCounted(terminal)
      terminal.press('space', 'k')
      await terminal.until(/❯\[x\] gallery "Pets"[\s\S]*1 picked/)
      terminal.press('t')
      await terminal.until(/tables +sorted by/)
      terminal.press('m')
      await terminal.until(/photo +\d+ +[1-9]/)
      terminal.press('G')
      terminal.press('g', 'j', 'j', 'j', 'enter')
      await terminal.until(/\+ +\d+[\s\S]*~ +\d+/)
      terminal.press('r')
      await terminal.until('R  restores')
      expect(colours(terminal.raw())).toEqual([])
    })
  })
})

test('with --ascii, or where the locale is not UTF-8, every character is ASCII', async () => {
  await withDatabases(site, async (databases) => {
    const look = async (terminal: Terminal): Promise<void> => {
      await terminal.until(/what was lost[\s\S]*>\[ \] gallery "Pets"/)
      terminal.press('space')
      await terminal.until('1 picked')
      terminal.press('c')
      await terminal.until(/What comes along[\s\S]*gallery_photos/)
      terminal.press('?')
      await terminal.until('Keys of this screen')
      expect(terminal.screen()).toMatch(/^ {3}\^ k +up$/m)
      terminal.press('esc')
      await terminal.until(/^ What comes along/m)
      terminal.press('r')
      await terminal.until('R  restores')
      expect(terminal.screen()).toContain('cover_gallery_id: 0 > 7')
      expect([...terminal.raw()].filter((character) => character > '\x7e')).toEqual([])
    }
    await Promise.all(
      [{ args: ['--ascii'] }, { env: { LANG: 'C' } }].map((options) => withUi(databases, options, look)),
    )
  })
})

test('a screen reader is given linear text, and keys do the same', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, { env: { INK_SCREEN_READER: 'true' }, columns: 100, rows: 60 }, async (terminal) => {
      await terminal.until(/what was lost[\s\S]*gallery "Pets"/)
      expect(terminal.isAlternate).toBe(false)
      expect(terminal.screen()).not.toMatch(/[─│├└]| {3}/)
      expect(terminal.screen()).toMatch(/^checkbox: .*gallery "Pets" \(7\) {2}61$/m)
      terminal.press('space')
      await terminal.until('1 picked')
      terminal.press('r')
      await terminal.until('R  restores')
      terminal.press('R')
      await terminal.until('verified against the backup, committed')
      terminal.press('q')
      expect(await terminal.exit).toEqual({ code: 0, signal: null })
      expect(terminal.normalScreen()).toMatch(/Undo: rowgraft undo [a-z0-9]{5}$/)
    })
  })
})
