/** Rows that hold enum labels which live's type does not have. */
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import type { Finding, Help } from '../../plan/finding.ts'
import type { Sides } from '../../rows/sides.ts'
import { readBackupValues } from '../../rows/values.ts'

/** True where a value, or an array of such values, holds the label. */
const hasLabel = (value: string | null, label: string): boolean => {
  if (value === null || value === label) return value !== null
  const elements = /^\{(.*)\}$/s.exec(value)?.[1]?.split(',') ?? []
  return elements.some((element) => element.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/gs, '$1') === label)
}

/** An array of labels is nothing to map. */
const helpsFor = (table: SharedTable, name: string, lacking: readonly string[]): readonly Help[] => {
  const live = columnOf(table.live, name)
  if (live?.typeKind !== 'enum') return []
  return lacking.map((label) => ({ kind: 'map label', column: name, label, labels: live.enumLabels ?? [] }))
}

/** A finding per row with such a label, by packed key. */
export const findLabels = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Finding>> => {
  const found = new Map<string, Finding>()
  const drifted = table.drift.filter((drift) => drift.kind === 'enum labels')
  if (drifted.length === 0) return found
  const names = drifted.map(({ column }) => column)
  for (const [key, values] of await readBackupValues(sides, table, { keys, columns: names })) {
    const lacking = drifted.map(({ labels }, p) => labels.filter((label) => hasLabel(values[p] ?? null, label)))
    const bad = drifted.filter((_, p) => lacking[p]?.length)
    if (bad.length === 0) continue
    const labels = lacking.filter(({ length }) => length > 0)
    found.set(key, {
      kind: 'enum label',
      table: table.id,
      key: displayKey(key),
      constraint: null,
      columns: bad.map(({ column }) => column),
      values: bad.map((drift) => values[drifted.indexOf(drift)] ?? null),
      live: [],
      possible: ['skip'],
      labels,
      helps: bad.flatMap((drift, p) => helpsFor(table, drift.column, labels[p] ?? [])),
    })
  }
  return found
}
