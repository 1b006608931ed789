/**
 * Twins: live rows equal to a backup row in every column but the allocated one. Such a row looks as if an earlier run, whose journal is
 * gone, had brought it back under another key. References are compared as mapped; a live row that is the backup's own row of that
 * key is no other row's twin; each live row is the twin of one backup row at most.
 */
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Sides } from '../../../rows/sides.ts'
import { isPresent, readPresent, readStates } from '../../../rows/states.ts'

/** Live keys that are the backup's own rows: the same key, the same record. */
export const ownRows = async (
  sides: Sides,
  table: SharedTable,
  liveKeys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const inBackup = await readPresent(sides.backup, table, liveKeys)
  const states = await readStates(sides, table, [...inBackup])
  return new Set([...inBackup].filter((key) => isPresent(states.get(key))))
}

/** Live rows that may be twins, by the backup's row, and live rows that stand in for others. Keys are packed. */
export interface Offered {
  readonly candidates: ReadonlyMap<string, readonly string[]>
  readonly taken: ReadonlySet<string>
}

/** Gives each live row to one backup row at most; those that are taken are given to none, the backup's own rows to none but themselves. */
export const assignTwins = async (
  sides: Sides,
  table: SharedTable,
  { candidates, taken }: Offered,
): Promise<ReadonlyMap<string, string>> => {
  const lists = new Set(candidates.values())
  const own = await ownRows(sides, table, [...new Set([...lists].flat())])
  const used = new Set<string>()
  const isFree = (live: string): boolean => !used.has(live) && !own.has(live) && !taken.has(live)
  // Of a list that many rows share, what has been passed over is not looked at again.
  const passed = new Map<readonly string[], number>()
  const twins = new Map<string, string>()
  // It came back under its own key, and follows others that did not.
  for (const [key, live] of candidates) {
    if (!own.has(key) || taken.has(key) || !live.includes(key)) continue
    used.add(key)
    twins.set(key, key)
  }
  for (const [key, live] of candidates) {
    if (twins.has(key)) continue
    let position = passed.get(live) ?? 0
    while (position < live.length && !isFree(live[position] ?? '')) position++
    passed.set(live, position)
    const free = live[position]
    if (free === undefined) continue
    used.add(free)
    twins.set(key, free)
  }
  return twins
}
