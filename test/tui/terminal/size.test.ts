/** The size of the terminal changes, and the terminal is lent to the shell meanwhile. */
import { expect, test } from 'vitest'
import { withDatabases } from '../../support/databases.ts'
import type { Terminal } from '../../support/terminal.ts'
import { program, withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { untilCounted } from './terminal-story.ts'

/** What is on screen, and how it looks; times are other ones in each run. */
const look = (terminal: Terminal): unknown =>
  terminal.cells().map((cells) => {
    const text = cells.map((cell) => cell.text).join('')
    return /counted at/.test(text) ? text.replace(/counted at.*/, '') : cells
  })

const sizes = [
  [120, 40],
  [60, 15],
  [40, 10],
  [80, 24],
] as const

test('nothing of an older frame remains when the size changes', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, (still) =>
      withUi(databases, {}, async (resized) => {
        await Promise.all([untilCounted(still), untilCounted(resized)])
        for (const keys of [[], ['space', 'c'], ['?']]) {
          for (const terminal of [still, resized]) terminal.press(...keys)
          const here = [/what was lost/, /What comes along[\s\S]*gallery_photos/, /space +leave out/][
            ['', 'c', '?'].indexOf(keys.at(-1) ?? '')
          ]
          if (here === undefined) throw new Error('no screen')
          await Promise.all([still.until(here), resized.until(here)])
          for (const [columns, rows] of sizes) {
            resized.resize(columns, rows)
            await resized.until(
              columns === 40 ? 'too small: 40x10' : (own) => own.line(rows - 2) === '─'.repeat(columns),
            )
            expect(resized.cursor.isVisible).toBe(false)
            if (columns === 40)
              expect(resized.screen()).toMatch(/^The terminal is too small: 40x10.*\n.*\n?Nothing is lost\.$/)
          }
          await resized.until(here)
          expect(look(resized)).toEqual(look(still))
        }
      }),
    )
  })
})

test('a burst of sizes ends in the last one', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, (still) =>
      withUi(databases, { columns: 132, rows: 43 }, async (resized) => {
        await Promise.all([untilCounted(still), untilCounted(resized)])
        for (let step = 0; step < 30; step++) resized.resize(70 + ((step * 37) % 60), 16 + ((step * 11) % 30))
        resized.resize(80, 24)
        resized.press('j')
        still.press('j')
        const here = /❯\[ \] photo "Selma/
        await Promise.all([still.until(here), resized.until(here)])
        await resized.until((own) => own.line(22) === '─'.repeat(80) && here.test(own.screen()))
        expect(look(resized)).toEqual(look(still))
      }),
    )
  })
})

/** Started by the shell, and by another program that waits for it, as npx does. */
const commands = [
  `'${process.execPath}' '${program}'`,
  `'${process.execPath}' -e "require('child_process').spawnSync(process.execPath, ['${program}'], { stdio: 'inherit' })"`,
]

test('Ctrl-Z leads to the shell, and fg back', async () => {
  const goAndComeBack = async (terminal: Terminal): Promise<void> => {
    await untilCounted(terminal)
    terminal.press('space')
    await terminal.until('1 picked')
    const before = look(terminal)
    for (let times = 1; times <= 2; times++) {
      const sent = terminal.raw().length
      terminal.press('ctrl-z')
      await terminal.until(/Stopped[^$]*\$ *$/)
      expect(terminal.isAlternate).toBe(false)
      expect(terminal.cursor.isVisible).toBe(true)
      // The shell asks for bracketed paste again for its own line.
      expect(terminal.raw().slice(sent)).toMatch(/^[^$]*\[\?2004l[^$]*Stopped/)
      terminal.press(`echo "shell ${times}"`, 'enter')
      await terminal.until(new RegExp(`^shell ${times}$`, 'm'))
      terminal.press('fg', 'enter')
      await terminal.until('1 picked')
      expect(look(terminal)).toEqual(before)
      expect(terminal.modes.isPasteBracketed).toBe(true)
      expect(terminal.cursor.isVisible).toBe(false)
    }
    terminal.press('t')
    await terminal.until(/tables +sorted by/)
    terminal.press('ctrl-z')
    await terminal.until(/Stopped[^$]*\$ *$/)
    terminal.resize(100, 30)
    terminal.press('fg', 'enter')
    await terminal.until((own) => own.line(28) === '─'.repeat(100))
    terminal.press('q')
    await terminal.until('would be lost')
    terminal.press('y')
    await terminal.until((own) => !own.isAlternate && /\$ *$/.test(own.screen()))
    terminal.press('exit', 'enter')
    expect(await terminal.exit).toEqual({ code: 0, signal: null })
  }
  await withDatabases(site, async (databases) => {
    await Promise.all(commands.map((shellCommand) => withUi(databases, { shellCommand }, goAndComeBack)))
  })
})

test('Ctrl-Z where no shell is there to go back to changes nothing', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, async (terminal) => {
      await untilCounted(terminal)
      const before = look(terminal)
      terminal.press('ctrl-z')
      await terminal.until((own) => !own.isAlternate)
      await terminal.until((own) => own.isAlternate && own.screen().includes('what was lost'))
      expect(look(terminal)).toEqual(before)
      terminal.press('space')
      await terminal.until('1 picked')
    })
  })
})
