/**
 * Sentences stand in a plan's document for whoever reads it: `format/` makes them of the facts beside them, and nothing depends on them.
 * A plan of before has them instead of facts: its hash covers them. Pure.
 */

type Change = (value: unknown) => unknown

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Each value of a list. */
const each =
  (change: Change): Change =>
  (value) =>
    Array.isArray(value) ? value.map(change) : value

/** An object without what is named, and with other parts changed. */
const without =
  (names: readonly string[], changes: Readonly<Record<string, Change>> = {}): Change =>
  (value) => {
    if (!isObject(value)) return value
    const parts = new Map(Object.entries(changes))
    const kept = Object.entries(value).filter(([name]) => !names.includes(name))
    return Object.fromEntries(kept.map(([name, part]) => [name, parts.get(name)?.(part) ?? part]))
  }

/** Sentences of a refusal: they have the names that its facts have elsewhere. */
const reason = without(['said', 'hidden', 'refusal'])

const bare = without(['hints'], {
  conflicts: each(without(['text'], { answers: each(without(['does'])), helps: each(without(['flag', 'does'])) })),
  leftOut: each(without(['why'], { reason })),
  alsoMissing: each(without(['why'])),
  elsewhere: each(without(['command'])),
  notUndoable: each(without(['why'])),
})

/** The document of a plan without its sentences. */
export const withoutSentences = (document: object): object => bare(document) as object
