/** In SQL: whether a row of live (`t`) holds what its staged row (`s`) is to become there. */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { isExact } from '../../catalog/spelling.ts'
import { all, any, column, list, type Query } from '../../database/names.ts'
import { isReferred } from '../../sql/references.ts'
import { finalValues } from '../keys/final-values.ts'
import { keepsTypeInStage, type Layout, ordinalOf, ownValue, type StagedTable } from '../stage/staged.ts'

/** Same image of a column in live (`t`) and in the stage or before-image (`other`). */
export const sameImage = (staged: StagedTable, name: string, other: string): Query => {
  const found = columnOf(staged.table.live, name)
  const [mine, theirs] = [sql`row(${column('t', name)})`, sql`row(${column(other, name)})`]
  const isTyped = found !== undefined && (other === 'b' || keepsTypeInStage(found))
  return isTyped ? sql`${mine}::record operator(pg_catalog.*=) ${theirs}::record` : sql`${mine}::text = ${theirs}::text`
}

/** Joins of the maps of a table's parents to the stage `s`; the rows of a derived table are found by these very joins. */
export const mapsOf = (layout: Layout, staged: StagedTable): Query =>
  staged.keys === 'derived' ? sql`` : finalValues(layout, staged, { withOwnMap: false }).joins

/**
 * The live value is the staged one, mapped: where the map of a parent knows the staged reference, live holds the new one; where no
 * map knows it, live holds the staged value itself.
 */
export const sameValue = (layout: Layout, staged: StagedTable, name: string): Query => {
  const known = finalValues(layout, staged, { withOwnMap: false }).references(name)
  if (known.length > 0) {
    const mapped = known.map(({ relation, index, isMapped, value }) => {
      const holdsIt = isReferred({ relation, position: index }, column('t', name), value)
      return sql`(${isMapped} and (${holdsIt}) is true)`
    })
    const raw = all([...known.map(({ isMapped }) => sql`not ${isMapped}`), sameImage(staged, name, 's')])
    return any([...mapped, raw])
  }
  if (!isOwnKey(staged, name)) return sameImage(staged, name, 's')
  // Its own key has been mapped by finding the row.
  const isOwn = sql`(${column('t', name)} is not distinct from ${ownValue(staged, name, column('s', name))})`
  return staged.keys === 'staged'
    ? isOwn
    : sql`case when ${ordinalOf('own')} is null then ${sameImage(staged, name, 's')} else ${isOwn} end`
}

/** As `sameValue`, for rows that keep their key: the row's own map says nothing about its other columns. */
export const sameReference = (layout: Layout, staged: StagedTable, name: string): Query =>
  sameValue(layout, staged.table.identity.includes(name) ? staged : { ...staged, keys: 'kept' }, name)

const isOwnKey = ({ keys, keyColumns }: StagedTable, name: string): boolean =>
  (keys === 'mapped' || keys === 'staged') && keyColumns.includes(name)

/** True for columns that are as they should be wherever the row was found: it is by them that it was looked up. */
const isProven = ({ table }: StagedTable, name: string): boolean => {
  const found = columnOf(table.live, name)
  return found !== undefined && table.identity.includes(name) && keepsTypeInStage(found) && isExact(found)
}

/** True for rows whose columns are all the same; whole images are compared where that can be, which costs a fraction. */
export const sameRow = (layout: Layout, staged: StagedTable, names: readonly string[]): Query => {
  const { references } = finalValues(layout, staged, { withOwnMap: false })
  const open = names.filter((name) => !isProven(staged, name))
  const isPlain = (name: string): boolean => {
    const found = columnOf(staged.table.live, name)
    const isMapped = references(name).length > 0 || isOwnKey(staged, name)
    return !isMapped && found !== undefined && keepsTypeInStage(found)
  }
  const plain = open.filter(isPlain)
  const [mine, theirs] = ['t', 's'].map((alias) => sql`row(${list(plain.map((name) => column(alias, name)))})`)
  return all([
    ...(plain.length === 0 ? [] : [sql`${mine}::record operator(pg_catalog.*=) ${theirs}::record`]),
    ...open.filter((name) => !plain.includes(name)).map((name) => sameValue(layout, staged, name)),
  ])
}
