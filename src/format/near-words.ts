/** What somebody may have meant who typed a word that is none. */
import { editDistance } from '../documents/edit-distance.ts'

/** One slip in a short word, two in a longer one; or a word that was not typed to its end. */
const isNear = (typed: string, word: string): boolean =>
  editDistance(typed, word) <= (typed.length < 5 ? 1 : 2) || (typed.length > 2 && word.startsWith(typed))

/** The words that are near to what was typed. */
export const nearWords = (typed: string, words: readonly string[]): readonly string[] =>
  words.filter((word) => isNear(typed.toLowerCase(), word))
