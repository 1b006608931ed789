/** How many of the rows that a statement hits, or that are asked for, are what: missing, changed, restored. Pure. */
import { displayKey } from '../keys/key.ts'
import type { RowState } from '../rows/states.ts'

/** What a row that was asked for is, other than missing. */
export type NotMissing = 'unchanged' | 'changed' | 'restored' | 'not in the backup'

/** The rows of one table that one source asked for. */
export interface Coverage {
  readonly source: '--statement' | '--incident' | '--keys-from'
  /** What the statement was; null for keys. */
  readonly action: 'delete' | 'update' | 'truncate' | null
  readonly table: string
  /** Rows that the statement hits in the backup, or that live has otherwise of those that an incident hit, or keys that are listed. */
  readonly hits: number
  /** Rows that live lacks, those included whose key belongs to another record now. */
  readonly missing: number
  /** Rows that live holds as the UPDATE left them. */
  readonly damaged: number
  /** Rows that live holds with values of neither the backup nor the UPDATE. */
  readonly editedSince: number
  /** Rows that live holds as the backup does: all of the row, or the columns the UPDATE set. */
  readonly alreadyRight: number
  /** Rows that live holds with other values; always 0 for an UPDATE. */
  readonly changed: number
  /** Rows that an earlier run brought back under another key. */
  readonly restored: number
  readonly notInBackup: number
  /** For listed keys: those that are not missing, and what they are. */
  readonly rows: readonly { readonly key: string; readonly state: NotMissing }[]
}

/** Coverage in which everything not given is nothing. */
export const makeCoverage = (
  known: Pick<Coverage, 'source' | 'action' | 'table' | 'hits'> & Partial<Coverage>,
): Coverage => ({
  missing: 0,
  damaged: 0,
  editedSince: 0,
  alreadyRight: 0,
  changed: 0,
  restored: 0,
  notInBackup: 0,
  rows: [],
  ...known,
})

/** Counts rows by what live holds of them. */
export const countStates = (
  states: Iterable<RowState>,
): Pick<Coverage, 'missing' | 'alreadyRight' | 'changed' | 'restored'> => {
  const counts = { missing: 0, alreadyRight: 0, changed: 0, restored: 0 }
  for (const { state } of states) {
    if (state === 'same') counts.alreadyRight++
    else if (state === 'changed' || state === 'restored') counts[state]++
    else counts.missing++
  }
  return counts
}

/** Coverage of listed keys: states of those the backup has, by packed key, and those it lacks. */
export const coverKeys = (
  table: string,
  states: ReadonlyMap<string, RowState>,
  lacking: readonly string[],
): Coverage => {
  const words = { same: 'unchanged', changed: 'changed', restored: 'restored' } as const
  return makeCoverage({
    source: '--keys-from',
    action: null,
    table,
    hits: states.size + lacking.length,
    ...countStates(states.values()),
    notInBackup: lacking.length,
    rows: [
      ...[...states].flatMap(([key, { state }]) =>
        state === 'missing' || state === 'reused' || state === 'deleted'
          ? []
          : [{ key: displayKey(key), state: words[state] }],
      ),
      ...lacking.map((key) => ({ key: displayKey(key), state: 'not in the backup' as const })),
    ],
  })
}
