/** What a step of a plan must look like. Pure. */

import * as v from 'valibot'
import {
  choice,
  count,
  type Entries,
  flag,
  isInteger64,
  isTexts,
  listOf,
  name,
  names,
  nullable,
  object,
  optional,
  pattern,
  positions,
  type Shape,
} from '../../documents/shape.ts'
import { type KeyColumn, measureColumn } from '../../keys/key-columns.ts'
import type { Because } from '../../selection/closure/members.ts'
import type { PlanRelation, StandIns, Step } from '../step.ts'

const part = String.raw`(?:[a-z_][a-z0-9_$]*|"(?:[^"\0]|"")+")`

/** The id of a table, as psql takes it. */
export const tableId: Shape<string> = pattern(new RegExp(`^${part}\\.${part}$`), 'the name of a table, with its schema')

/** There may be millions: nothing but a plain look at each. */
const isKeyColumn = (value: unknown): value is KeyColumn => {
  if (Array.isArray(value)) return isTexts(value)
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'integers') return false
  return (
    'integers' in value && typeof value.integers === 'string' && measureColumn({ integers: value.integers }) !== null
  )
}

export const keyColumnShape: Shape<KeyColumn> = v.custom<KeyColumn>(
  isKeyColumn,
  'is neither a list of texts that the server can hold nor packed integers',
)

/** Digests of rows: integers of 64 bits, or nothing where there is no row. */
const guards: Shape<readonly string[]> = v.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((one) => one === '' || isInteger64(one)),
  'is not a list of digests',
)

const allPositions: Shape<readonly number[] | 'all'> = v.union(
  [v.literal('all'), positions],
  'is neither "all" nor a list of positions that rise',
) as Shape<readonly number[] | 'all'>

const becauses = choice<Because>({
  selected: true,
  parent: true,
  child: true,
  link: true,
  survivor: true,
  undo: true,
})

export const stepEntries: Entries<Step> = {
  action: choice<Step['action']>({ insert: true, update: true, delete: true }),
  table: tableId,
  because: becauses,
  via: nullable(name),
  columns: listOf(name),
  rows: count,
  keys: listOf(keyColumnShape),
  live: optional(listOf(keyColumnShape)),
  allocate: optional(allPositions),
  guards: optional(guards),
  nulled: optional(listOf(object({ columns: names, rows: positions }))),
  isAtDefault: optional(flag),
  editedSince: optional(positions),
}

export const standInsShape: Shape<StandIns> = object<StandIns>({
  table: tableId,
  why: choice<StandIns['why']>({ match: true, restored: true, renamed: true, moved: true }),
  backup: listOf(keyColumnShape),
  live: listOf(keyColumnShape),
})

export const relationShape: Shape<PlanRelation> = object<PlanRelation>({
  id: name,
  child: tableId,
  columns: listOf(name),
  parent: tableId,
  parentColumns: listOf(name),
})
