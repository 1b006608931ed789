/** What a case found to be wrong. */
export interface Fault {
  /** Faults of one kind have one cause, more or less. */
  readonly kind: string
  readonly detail: string
}

/** Counts by name. */
export type Tally = Map<string, number>

export const count = (tally: Tally, name: string, by = 1): void => {
  tally.set(name, (tally.get(name) ?? 0) + by)
}

/** The first line of a message without the names and numbers in it, so that messages of one kind read the same. */
export const nameless = (message: string): string =>
  (message.split('\n')[0] ?? '')
    .replace(/( from the backup) in .*/, '$1')
    .replace(/"(?:[^"]|"[\w ]+"\.?)*"/g, '…')
    .replace(/\b[\w-]*\d[\w,-]*/g, '…')
    .slice(0, 100)
