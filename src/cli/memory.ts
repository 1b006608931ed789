/** How much memory the program takes beside what it holds. */
import { setFlagsFromString } from 'node:v8'

/**
 * Reading millions of rows makes much that lives for a moment. The space V8 keeps for it grows to more than a hundred megabytes if it may,
 * and a command is not faster for it: it stays as it begins. What outlives it is collected when it has grown by a third: by default it
 * doubles first, and most of that is garbage too. Neither holds for the terminal UI: a frame must not wait for a collection.
 */
export const keepHeapSmall = (): void => {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=30')
}
