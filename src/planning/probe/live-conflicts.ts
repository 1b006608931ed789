/** What stands in the way of rows in live, and which of them other rows refer to. */
import type { Uniqueness } from '../../catalog/catalog.ts'
import { hasSurrogate, type SharedTable } from '../../catalog/shared.ts'
import { hasSpellings } from '../../catalog/spelling.ts'
import { readChildren } from '../../rows/references.ts'
import type { Sides } from '../../rows/sides.ts'
import { readPresent } from '../../rows/states.ts'
import type { Members } from '../../selection/closure/members.ts'
import { canProbe } from '../../sql/uniques.ts'
import { type MappedRows, mappedKey } from './mapping.ts'
import type { Moving } from './moving.ts'
import { ownRows } from './twins/twins.ts'
import { probeUnique, readWrittenValues } from './unique-values.ts'

/** A live row in the way of a row to be written. */
export interface LiveConflict {
  readonly unique: Uniqueness
  /** Packed live key. */
  readonly live: string
  /** What would be written into the columns of the constraint. */
  readonly values: readonly (string | null)[]
  /** The live row is the backup's own row of that key, and so another one than the row in question. */
  readonly isOwn: boolean
}

/** True where a live row is in conflict by this constraint only if it has the row's identity. */
const isIdentityOf = ({ identity, ...table }: SharedTable, { kind, elements }: Uniqueness): boolean =>
  kind !== 'exclusion' &&
  elements.length === identity.length &&
  elements.every(({ column }) => column !== null && identity.includes(column)) &&
  !hasSpellings({ identity, ...table })

/**
 * Live rows in conflict with the rows given, by packed key: the values asked about are those that would be written, references mapped.
 * The primary key is left to its own question, except where rows are recognised by something else (links by their ends).
 */
export const findLiveConflicts = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
  moving: Moving,
): Promise<ReadonlyMap<string, readonly LiveConflict[]>> => {
  const found = new Map<string, LiveConflict[]>()
  for (const unique of table.live.uniques) {
    const isOwn = unique.kind === 'primary' && table.ends === null && !hasSurrogate(table)
    if (isOwn || !canProbe({ table, unique })) continue
    const isIdentity = isIdentityOf(table, unique)
    // Live is known to lack rows that keep their identity: only where it changes could another row have it.
    const asked = isIdentity ? keys.filter((key) => rewritten.has(key)) : keys
    const rows = await readWrittenValues(sides, { table, keys: asked, rewritten }, unique)
    const written = new Map(rows.map((row) => [row.key, row.values]))
    const probed = await probeUnique(sides.live, { table, unique }, rows)
    const own = await ownRows(sides, table, [...new Set([...probed.values()].flat())])
    for (const [key, live] of probed) {
      const values = written.get(key) ?? []
      const conflicts = moving
        .staying({ table, unique }, live)
        .map((row) => ({ unique, live: row, values, isOwn: own.has(row) }))
      if (conflicts.length > 0) found.set(key, [...(found.get(key) ?? []), ...conflicts])
    }
  }
  return found
}

/**
 * Rows whose key another live row has: reused as it is, or taken where the row's key is mapped to. `linked` are links whose mapped
 * ends live has linked already. Both map packed backup keys to live keys.
 */
export const findTaken = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
  members: Members,
): Promise<{ readonly taken: ReadonlyMap<string, string>; readonly linked: ReadonlyMap<string, string> }> => {
  const taken = new Map<string, string>()
  const linked = new Map<string, string>()
  const moved = new Map<string, string>()
  for (const key of keys) {
    const live = mappedKey(table, key, rewritten.get(key))
    if (live === key && members.reused.has(key)) taken.set(key, key)
    else if (live !== null && live !== key) moved.set(key, live)
  }
  const there = await readPresent(sides.live, table, [...moved.values()])
  for (const [key, live] of moved) if (there.has(live)) (table.ends === null ? taken : linked).set(key, live)
  return { taken, linked }
}

/** Of the rows given, those that some row of the backup refers to. */
export const findReferred = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const referred = new Set<string>()
  for (const relation of sides.catalog.relations) {
    const child = sides.catalog.tables.get(relation.child)
    if (relation.parent !== table.id || child === undefined || child.identity.length === 0) continue
    // Nobody can say which rows such a table refers to: so it may be any.
    if (child.hidden !== null) return new Set(keys)
    for (const { other } of await readChildren(sides, { relation, child, parent: table }, keys)) referred.add(other)
  }
  return referred
}
