/** From `--incident` to the rows it stands for. */
import { unpackKey } from '../../catalog/row.ts'
import type { Sides } from '../../diff/sides.ts'
import { RowgraftError } from '../../errors.ts'
import type { Selection, Selector } from '../selection.ts'
import { type FoundIncidents, findIncidents } from './incidents.ts'

/** A selector that needs no look at everything that is missing. */
export type DirectSelector = Exclude<Selector, { readonly by: 'incident' }>

/** A selection that names rows by themselves. */
export interface DirectSelection extends Omit<Selection, 'selectors'> {
  readonly selectors: readonly DirectSelector[]
}

const unknown = (id: string, { report }: FoundIncidents): RowgraftError => {
  const known = [
    ...report.incidents.map((incident) => `${incident.id}  ${incident.label}`),
    ...report.leftOut.flatMap((own) => (own.id === null ? [] : [`${own.id}  ${own.table}: ${own.why}`])),
  ]
  return new RowgraftError('usage', `there is no incident "${id}"`, {
    detail: known.length === 0 ? 'Nothing is missing.' : known.slice(0, 40).join('\n'),
    hint: 'Run "rowgraft incidents" to see them. An incident that has been restored is none any more.',
  })
}

/**
 * Puts the roots of each incident in its place. `restored` are the ids of incidents that runs in live have brought back: they name no
 * row any more. Throws `usage` for an id that means nothing.
 */
export const nameIncidents = async (
  sides: Sides,
  selection: Selection,
  restored: ReadonlySet<string>,
): Promise<DirectSelection> => {
  const wanted = selection.selectors.some(({ by }) => by === 'incident')
  const found = wanted ? await findIncidents(sides) : null
  const selectors = selection.selectors.flatMap((selector): readonly DirectSelector[] => {
    if (selector.by !== 'incident') return [selector]
    const chosen = found?.choose(selector.id) ?? null
    if (chosen !== null) {
      return [...chosen].map(([table, { states }]) => ({ by: 'keys', table, keys: [...states.keys()].map(unpackKey) }))
    }
    if (found === null || restored.has(selector.id)) return []
    throw unknown(selector.id, found)
  })
  return { ...selection, selectors }
}
