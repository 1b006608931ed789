/** The one path of the terminal UI through a real terminal: open, Space, `r`, `R`; and back. */
import { expect, test } from 'vitest'
import { withDatabases } from '../support/databases.ts'
import { dumpRows } from '../support/queries.ts'
import { withUi } from '../support/ui.ts'
import { site } from './demo-site.ts'
import { isGalleryThere, leftBehind, review, untilCounted, untouched } from './terminal/terminal-story.ts'

test('the lost gallery is picked, reviewed, restored and taken back', async () => {
  await withDatabases(site, async (databases) => {
    const before = await dumpRows(databases.live)
    await withUi(databases, {}, async (terminal) => {
      await review(terminal)
      expect(await isGalleryThere(databases.live)).toBe(false)
      terminal.press('R')
      const { screen } = await terminal.until('verified against the backup, committed')
      expect(screen).toContain('59 rows back, 11 re-linked')
      const run = /Undo: {2}rowgraft undo ([a-z0-9]{5})/.exec(screen)?.[1] ?? '(none)'
      expect(await isGalleryThere(databases.live)).toBe(true)
      expect(terminal.modes.isPasteBracketed).toBe(true)
      terminal.press('u')
      await terminal.until('R  undoes')
      terminal.press('R')
      await terminal.until(`Take the run back`)
      expect(await isGalleryThere(databases.live)).toBe(true)
      terminal.press('y')
      const undone = await terminal.until(/59 rows deleted.*verified, committed/)
      const second = /Undo: {2}rowgraft undo ([a-z0-9]{5})/.exec(undone.screen)?.[1] ?? '(none)'
      expect(await dumpRows(databases.live)).toEqual(before)
      terminal.press('q')
      expect(await terminal.exit).toEqual({ code: 0, signal: null })
      expect(leftBehind(terminal)).toEqual(untouched)
      expect(terminal.normalScreen()).toBe(
        [
          `Run ${run}: 70 rows written, verified and committed.`,
          `Undo: rowgraft undo ${run}`,
          `Run ${second}: 70 rows written, verified and committed.`,
          `Undo: rowgraft undo ${second}`,
        ].join('\n'),
      )
    })
  })
})

test('leaves no trace where nothing was written', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, async (terminal) => {
      await untilCounted(terminal)
      terminal.press('q')
      expect(await terminal.exit).toEqual({ code: 0, signal: null })
      expect(leftBehind(terminal)).toEqual(untouched)
      expect(terminal.normalScreen()).toBe('')
    })
  })
})
