/** A first word that is no command: refused whatever follows it, with the commands that may have been meant. */
import { RowgraftError } from '../errors.ts'
import { nearWords } from '../format/near-words.ts'

/** What is said of it. `names` are the commands that help lists. */
export const unknownCommand = (typed: string, names: readonly string[]): RowgraftError => {
  const near = nearWords(typed, names)
  return new RowgraftError('usage', `unknown command "${typed}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `The commands are ${names.join(', ')}. Run "rowgraft --help" to see what they do.`,
  })
}

/** The word of a command line that should be a command and is none; undefined where there is nothing wrong. */
export const findUnknown = (argv: readonly string[], names: readonly string[]): string | undefined => {
  const [first, second] = argv
  const asked = first === 'help' ? second : first
  return asked === undefined || asked.startsWith('-') || names.includes(asked) ? undefined : asked
}
