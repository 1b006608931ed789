/**
 * Twins among tables that refer to each other, or to themselves: there each row's twin depends on its parents' twins. So every row is
 * first given the live rows that equal it in all other columns; then candidates whose references do not lead to the twins of the
 * row's own parents are dropped, until none is. What is left agrees with itself.
 */

import type { SharedTable } from '../../../catalog/shared.ts'
import { unpackKey } from '../../../keys/key.ts'
import { readByKey } from '../../../rows/by-key.ts'
import { type ChildEnd, readParents } from '../../../rows/references.ts'
import type { Sides } from '../../../rows/sides.ts'
import type { MappedRows, Mapping, Rewritten } from '../mapping.ts'
import type { RowToWrite } from '../taken-findings.ts'
import { chooseSearch, lookUpEqual, mayHaveTwins, scanForEqual } from './equal-rows.ts'
import { assignTwins } from './twins.ts'

/** Rows of the tables of a cycle, by packed key, and live rows of each that stand in for others. */
export interface CycleRows {
  readonly rows: ReadonlyMap<SharedTable, readonly string[]>
  readonly taken: (table: SharedTable) => ReadonlySet<string>
}

/** Twins per table of a cycle. */
export const findCycleTwins = async (
  sides: Sides,
  mapping: Mapping,
  { rows, taken }: CycleRows,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> => {
  const ids = new Set([...rows.keys()].map(({ id }) => id))
  const inner = sides.catalog.relations.filter(({ child, parent }) => ids.has(child) && ids.has(parent))
  const twins = new Map<string, Map<string, string>>()
  for (const [table, keys] of rows) {
    const ignored = inner.filter(({ child }) => child === table.id).flatMap(({ columns }) => columns)
    const candidates = await findCandidates(sides, mapping, { table, keys, ignored })
    twins.set(table.id, new Map(await assignTwins(sides, table, { candidates, taken: taken(table) })))
  }
  for (;;) {
    const wrong: RowToWrite[] = []
    for (const table of rows.keys()) {
      for (const relation of inner.filter(({ child }) => child === table.id)) {
        wrong.push(...(await findInconsistent(sides, mapping, { relation, child: table, twins })))
      }
    }
    if (wrong.length === 0) return twins
    for (const { table, key } of wrong) twins.get(table.id)?.delete(key)
  }
}

/** Live rows that equal rows of one table, but for the references within the cycle. */
const findCandidates = async (
  sides: Sides,
  mapping: Mapping,
  { table, keys, ignored }: Pick<MappedRows, 'table' | 'keys'> & { readonly ignored: readonly string[] },
): Promise<ReadonlyMap<string, readonly string[]>> => {
  if (!mayHaveTwins(table)) return new Map()
  const search = await chooseSearch(sides, table, { count: keys.length, ignored })
  const rewrite = (batch: readonly string[]): Promise<Rewritten> => mapping.rewrite(table, batch)
  if (search.isScan) return scanForEqual(sides, { table, keys, rewrite }, ignored)
  return lookUpEqual(sides, { table, keys, rewritten: await rewrite(keys) }, { ...search, ignored })
}

/** Candidates whose reference in live is not the twin of the row's parent; or, for a parent that stayed, the parent itself. */
const findInconsistent = async (
  sides: Sides,
  mapping: Mapping,
  { relation, child: table, twins }: ChildEnd & { readonly twins: ReadonlyMap<string, ReadonlyMap<string, string>> },
): Promise<readonly RowToWrite[]> => {
  const own = [...(twins.get(table.id) ?? [])]
  const parent = sides.catalog.tables.get(relation.parent)
  const positions = relation.parentColumns.map((name) => parent?.identity.indexOf(name) ?? -1)
  // A reference to another key than the identity is compared as it is: such values are not made anew.
  const isByIdentity = positions.every((position) => position >= 0)
  const { rows } = await readParents(
    sides,
    { relation, child: table },
    own.map(([key]) => key),
  )
  const parents = new Map(rows.map(({ key, other }) => [key, other]))
  const wrong: RowToWrite[] = []
  const asked = { keys: own.map(([, liveKey]) => liveKey), columns: relation.columns }
  for await (const references of readByKey(sides.live, table, asked)) {
    for (const { place, values: reference } of references) {
      const [key = ''] = own[place] ?? []
      const parentKey = parents.get(key)
      const twin =
        parentKey === undefined
          ? undefined
          : (twins.get(relation.parent)?.get(parentKey) ??
            mapping.of(relation.parent).standIns.get(parentKey) ??
            parentKey)
      const expected = twin === undefined ? null : positions.map((at) => unpackKey(twin)[at] ?? '')
      const isRight =
        expected === null
          ? reference.some((value) => value === null)
          : !isByIdentity || expected.every((value, at) => value === reference[at])
      if (!isRight) wrong.push({ table, key })
    }
  }
  return wrong
}
