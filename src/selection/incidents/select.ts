import type { DiffProgress } from '../../diff/diff.ts'
import { unpackKey } from '../../keys/key.ts'
import type { Sides } from '../../rows/sides.ts'
import type { DirectSelection, DirectSelector, Selection } from '../selection.ts'
import { type FoundIncidents, findIncidents } from './incidents.ts'
import { UnknownIncidentError } from './report.ts'

/**
 * Puts the roots of each incident in its place. `restored` are the ids of incidents that runs in live have brought back: they name no
 * row any more. Throws `usage` for an id that means nothing.
 */
export const nameIncidents = async (
  sides: Sides,
  selection: Selection,
  restored: ReadonlySet<string>,
): Promise<DirectSelection> => {
  // Incidents that were found without some tables are found again in the same way.
  const found = new Map<string, FoundIncidents>()
  const selectors: DirectSelector[] = []
  for (const selector of selection.selectors) {
    if (selector.by !== 'incident') {
      selectors.push(selector)
      continue
    }
    const { id, without = [] } = selector
    const onProgress: DiffProgress = (step) => sides.onStage({ ...step, stage: 'missing' })
    const among = found.get(JSON.stringify(without)) ?? (await findIncidents(sides, { without }, onProgress))
    found.set(JSON.stringify(without), among)
    const chosen = among.choose(id)
    if (chosen === null && !restored.has(id)) throw new UnknownIncidentError(id, among.report)
    for (const [table, { states }] of chosen ?? [])
      selectors.push({ by: 'keys', table, keys: [...states.keys()].map(unpackKey) })
  }
  return { ...selection, selectors }
}
