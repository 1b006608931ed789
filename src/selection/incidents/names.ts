/** What incidents are called, and the ids by which they are found again. */
import { createHash } from 'node:crypto'
import type { SharedTable } from '../../catalog/shared.ts'
import { unpackKey } from '../../keys/key.ts'
import { labelColumn, labelTable } from '../../rows/labels.ts'
import type { Sides } from '../../rows/sides.ts'
import type { FoundCondition, Gathered } from './conditions/conditions.ts'
import { labelParent, labelRows } from './labels.ts'
import type { Loss } from './missing.ts'
import type { IncidentCondition } from './report.ts'

export interface Named {
  readonly id: string
  readonly label: string
  readonly condition: IncidentCondition | null
  /** The condition that gathered several roots, if one did. */
  readonly gathered: FoundCondition | null
}

/** No vowels, no look-alikes: an id is typed by tired people. */
const letters = '23456789bcdfghjkmnpqrstvwxz'

/** Six letters, the same for the same parts. */
export const makeId = (parts: readonly string[]): string => {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest()
  return [...digest.subarray(0, 6)].map((byte) => letters[byte % letters.length]).join('')
}

/** Rows may be marked and gone for the same reason: those are two incidents. */
const partsOf = (loss: Loss, parts: readonly string[]): readonly string[] =>
  loss === 'marked' ? ['marked', ...parts] : parts

/** Roots of one table that stand alone. */
interface Singles {
  readonly keys: readonly string[]
  readonly loss: Loss
  /** Nothing else of the table was lost that way. */
  readonly isOnly: boolean
}

/** Roots that stand alone, by their key. */
export const nameSingles = async (
  sides: Sides,
  table: SharedTable,
  { keys, loss, isOnly }: Singles,
): Promise<ReadonlyMap<string, Named>> => {
  const labels = keys.length === 0 ? [] : await labelRows(sides, table, keys)
  return new Map(
    await Promise.all(
      [...labels].map(async ([key, { label, sql }]) => {
        const named: Named = {
          id: makeId(partsOf(loss, [table.id, key])),
          label: (await labelLink(sides, table, key)) ?? label,
          condition: { sql, hits: 1, of: 1, isExact: true, isOnly },
          gathered: null,
        }
        return [key, named] as const
      }),
    ),
  )
}

/** A link by its two ends; null for any other row. */
const labelLink = async (sides: Sides, table: SharedTable, key: string): Promise<string | null> => {
  if (table.ends === null) return null
  const values = unpackKey(key)
  const ends: (string | null)[] = []
  for (const relation of table.ends) {
    const own = relation.columns.map((name) => values[table.identity.indexOf(name)] ?? '')
    ends.push(await labelParent(sides, { relation, values: own }))
  }
  return ends.includes(null) ? null : `${labelTable(table)} of ${ends.join(' and ')}`
}

/** Rows without anything in common that are called by their names. */
const mostNamed = 3

const labelGroup = async (sides: Sides, table: SharedTable, { condition, roots }: Gathered): Promise<string> => {
  const name = labelTable(table)
  if (condition?.kind === 'all') return `every row of ${name}`
  const parent = condition?.parent ? await labelParent(sides, condition.parent) : null
  if (parent !== null) return `${name} of ${parent}`
  if (condition?.kind === 'keys' && roots.length <= mostNamed && labelColumn(table) !== null) {
    const labels = [...(await labelRows(sides, table, roots)).values()].map(({ label }) => label.slice(name.length + 1))
    return `${name} ${labels.slice(0, -1).join(', ')} and ${labels.at(-1) ?? ''}`
  }
  return `${String(roots.length).replace(/\B(?=(\d{3})+$)/g, ',')} rows of ${name}`
}

/** Several roots, with the condition they have in common if there is one. */
export const nameGroup = async (sides: Sides, table: SharedTable, group: Gathered): Promise<Named> => {
  const { condition, loss, roots } = group
  const parts = condition === null ? [table.id, ...[...roots].sort()] : [table.id, condition.sql, 'where']
  return {
    id: makeId(partsOf(loss, parts)),
    label: await labelGroup(sides, table, group),
    condition:
      condition === null
        ? null
        : {
            sql: condition.sql,
            hits: condition.hits,
            of: condition.of,
            ...(condition.again > 0 ? { again: condition.again } : {}),
            ...(condition.changed > 0 ? { changed: condition.changed } : {}),
            isExact: condition.hits + condition.again + condition.changed === condition.of,
            isOnly: condition.isOnly,
          },
    gathered: condition,
  }
}
