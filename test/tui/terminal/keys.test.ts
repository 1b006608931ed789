/** Somebody leans on a key: nothing is written that was not on screen first. */
import { expect, test } from 'vitest'
import { withDatabases } from '../../support/databases.ts'
import { withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { isGalleryThere, untilCounted } from './terminal-story.ts'

test('keys typed before the review is on screen restore nothing', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, async (terminal) => {
      await untilCounted(terminal)
      terminal.press(' rRRRRR')
      await terminal.until('R  restores')
      // Keys are taken one after the other: what the R had begun would be on screen by now.
      terminal.press('w')
      await terminal.until(/^ the plan\b/m)
      expect(await isGalleryThere(databases.live)).toBe(false)
      terminal.press('esc')
      await terminal.until(/^ Review: [\s\S]*R {2}restores/m)
      terminal.press('R'.repeat(20))
      await terminal.until('verified against the backup, committed')
      expect(await isGalleryThere(databases.live)).toBe(true)
      terminal.press('uRyRyRy')
      await terminal.until('R  undoes')
      terminal.press('w')
      await terminal.until(/^ the plan\b/m)
      terminal.press('esc')
      await terminal.until(/^ Undo of [\s\S]*R {2}undoes/m)
      terminal.press('Ryyyy')
      await terminal.until('Take the run back')
      terminal.press('?')
      terminal.press('N')
      await terminal.until((own) => !own.screen().includes('Take the run back'))
      expect(terminal.screen()).toContain('R  undoes')
      expect(await isGalleryThere(databases.live)).toBe(true)
    })
  })
})

test('space and enter may be held down', async () => {
  await withDatabases(site, async (databases) => {
    await withUi(databases, {}, async (terminal) => {
      await untilCounted(terminal)
      terminal.press(' '.repeat(50))
      await terminal.until(/❯\[.\] photo "Selma[\s\S]*[12] picked/)
      terminal.press('A')
      await terminal.until('0 picked')
      terminal.press('g', '\r'.repeat(41))
      await terminal.until(/^ gallery of gallery "Pets"/m)
      terminal.press('i')
      await terminal.until(/what was lost/)
      expect(await isGalleryThere(databases.live)).toBe(false)
    })
  })
})
