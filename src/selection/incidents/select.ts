import type { DiffProgress } from '../../diff/diff.ts'
import { unpackKey } from '../../keys/key.ts'
import type { Sides } from '../../rows/sides.ts'
import type { DirectSelection, DirectSelector, Selection } from '../selection.ts'
import { findOverwrittenHits } from './changes/find.ts'
import { type FoundIncidents, findIncidents } from './incidents.ts'
import { UnknownIncidentError } from './report.ts'

/**
 * Puts the roots of each incident, or what it overwrote, in its place. `restored` are the ids of incidents that runs in live have brought back: they name no
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
    const { id, without = [], overwrote } = selector
    if (overwrote !== undefined) {
      selectors.push(...(await nameOverwritten(sides, selector)))
      continue
    }
    const onProgress: DiffProgress = (step) => sides.onStage({ ...step, stage: 'missing' })
    const among = found.get(JSON.stringify(without)) ?? (await findIncidents(sides, { without }, onProgress))
    found.set(JSON.stringify(without), among)
    const chosen = among.choose(id)
    // The same UPDATE may have been run again.
    const hit = chosen === null ? await nameOverwritten(sides, selector) : []
    if (chosen === null && hit.length === 0 && !restored.has(id)) throw new UnknownIncidentError(id, among.report)
    selectors.push(...hit)
    for (const [table, { states }] of chosen ?? [])
      selectors.push({ by: 'keys', table, keys: [...states.keys()].map(unpackKey) })
  }
  return { ...selection, selectors }
}

/** What an incident overwrote; nothing for an id of none. */
const nameOverwritten = async (
  sides: Sides,
  { id, without, overwrote: table }: Extract<Selection['selectors'][number], { readonly by: 'incident' }>,
): Promise<readonly DirectSelector[]> => {
  const hit = await findOverwrittenHits(sides, { id, table, ...(without === undefined ? {} : { without }) })
  return hit === null ? [] : [{ by: 'overwritten', ...hit }]
}
