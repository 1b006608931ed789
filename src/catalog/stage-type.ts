/** The type that a value on its way to live is held as. */
import { type Query, serverText } from '../database/names.ts'
import type { Column } from './catalog.ts'

/** True for types whose own definition could round or cut what they are given: composites, and arrays of domains or composites. */
export const isStagedAsText = (column: Column): boolean =>
  column.typeKind === 'composite' || (column.typeKind === 'array' && column.isDomain)

/** The type a column is staged as: live's base type, else text. */
export const stageType = (column: Column): Query =>
  isStagedAsText(column) ? serverText('text') : serverText(column.baseType)
