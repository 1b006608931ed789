/** Steps of the demo's story in a terminal, for its tests. */
import { query } from '../../support/queries.ts'
import type { Terminal } from '../../support/terminal.ts'

/** The terminal as its program should leave it. */
export const untouched = {
  isAlternate: false,
  isCursorVisible: true,
  modes: { isPasteBracketed: false, hasMouse: false, hasFocusEvents: false },
}

export const leftBehind = (terminal: Terminal): unknown => ({
  isAlternate: terminal.isAlternate,
  isCursorVisible: terminal.cursor.isVisible,
  modes: terminal.modes,
})

/** The incidents are counted, and so are the tables behind them: nothing is under way. */
export const untilCounted = async (terminal: Terminal): Promise<void> => {
  await terminal.until(
    (own) =>
      /what was lost[\s\S]*DELETE FROM gallery/.test(own.screen()) &&
      !/counting|comparing|reading|looking for/.test(own.screen()),
    { timeoutMs: 25_000 },
  )
}

/** From the first screen to the review of the gallery. */
export const review = async (terminal: Terminal): Promise<void> => {
  await untilCounted(terminal)
  terminal.press('space')
  await terminal.until('1 picked')
  terminal.press('r')
  await terminal.until('R  restores')
}

export const isGalleryThere = async (live: string): Promise<boolean> =>
  (await query(live, `select from gallery where slug = 'pets'`)).length === 1
