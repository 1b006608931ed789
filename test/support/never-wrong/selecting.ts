/** Who wants which rows back: from a case, and from what both sides hold, to a way of naming rows. */
import { displayKey, type Incident } from '../../../src/index.ts'
import type { Scene } from './records.ts'
import type { Selecting } from './request.ts'
import { isKey, pack } from './rows.ts'
import { list, type Table } from './schema.ts'
import { differing, keyIn } from './sides.ts'
import type { SelectorSpec } from './spec.ts'

/** A row of the backup that somebody wants. */
export interface Wanted {
  readonly table: Table
  readonly key: readonly string[]
}

/** Rows of the backup that live has not, or as another record; then those it has with other values. */
const lostRows = ({ tables, backup, live, born }: Scene): readonly Wanted[] => {
  const isLost = ({ table: { position }, key }: Wanted): boolean =>
    !live[position]?.has(pack(key)) || born[position]?.has(pack(key)) === true
  const changed = changedRows({ tables, backup, live, born })
  return [...changed, ...changed.filter(isLost), ...changed.filter(isLost)]
}

const changedRows = ({ tables, backup, live }: Scene): readonly Wanted[] =>
  tables
    .filter(({ madeFor }) => madeFor === null)
    .flatMap((table) =>
      [...(backup[table.position] ?? [])].flatMap(([packed, row]) => {
        const now = live[table.position]?.get(packed)
        const isLost = now === undefined || differing(row, now).length > 0
        return isLost ? [{ table, key: keyIn(row, table.identity) ?? [] }] : []
      }),
    )

const keptRows = ({ tables, backup, live }: Scene): readonly Wanted[] =>
  tables
    .filter(({ madeFor }) => madeFor === null)
    .flatMap((table) =>
      [...(backup[table.position] ?? [])].flatMap(([packed, row]) =>
        live[table.position]?.has(packed) ? [{ table, key: keyIn(row, table.identity) ?? [] }] : [],
      ),
    )

const typedKey = (key: readonly string[]): string => displayKey(key.join('\0'))

const conditionOf = (table: Table, wanted: readonly Wanted[]): string =>
  wanted.map(({ key }) => isKey(table.identity, key)).join(' or ')

const line = ({ table, key }: Wanted): string =>
  JSON.stringify({ table: table.id, key: Object.fromEntries(table.identity.map((name, at) => [name, key[at]])) })

export interface Asking {
  readonly selecting: Selecting
  /** Rows that are named one by one, or by a condition that holds for them. */
  readonly named: readonly Wanted[]
}

const all: Asking = { selecting: { by: 'all missing', table: null }, named: [] }

/** A way of naming rows of this case. */
export const makeSelecting = async (
  { by, picks }: SelectorSpec,
  scene: Scene,
  readIncidents: () => Promise<readonly Incident[]>,
): Promise<Asking> => {
  const lost = lostRows(scene)
  const pool = by === 'under' ? keptRows(scene) : lost
  if (by === 'incident') {
    const incidents = await readIncidents()
    const incident = incidents[(picks[0] ?? 0) % Math.max(1, incidents.length)]
    return incident === undefined ? all : { selecting: { by, id: incident.id }, named: [] }
  }
  const picked = [...new Set(picks.flatMap((pick) => pool[pick % Math.max(1, pool.length)] ?? []))]
  const [first] = picked
  if (first === undefined) return all
  const own = picked.filter(({ table }) => table === first.table)
  const { table } = first
  const rows = picked.map((each) => `${each.table.sql}:${typedKey(each.key)}`)
  const isWhole = (picks[0] ?? 0) % 4 === 3
  switch (by) {
    case 'all missing':
      return isWhole ? { selecting: { by, table: table.sql }, named: [] } : all
    case 'keys':
      return { selecting: { by, table: table.sql, keys: own.map(({ key }) => typedKey(key)) }, named: own }
    case 'where':
      return { selecting: { by, table: table.sql, where: conditionOf(table, own) }, named: own }
    case 'statement': {
      const statement = `delete from ${table.sql} where ${conditionOf(table, own)}`
      return { selecting: { by, statement }, named: own }
    }
    case 'keys from':
      return { selecting: { by, lines: `${[...new Set(lost.map(line))].join('\n')}\n` }, named: lost }
    case 'under':
      return { selecting: { by, rows: rows.slice(0, 2) }, named: [] }
    case 'select': {
      const condition = `${table.sql}?(${list(table.identity)}) is not null`
      return { selecting: { by, rows: isWhole ? [condition] : rows }, named: isWhole ? own : picked }
    }
  }
}
