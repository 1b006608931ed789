/** Why rows that are missing too do not come along, in words. */
import { shellWord } from '../../database/display.ts'
import type { MissingToo, NeededRows, Plan } from '../../plan/plan.ts'
import { byId, type NameTable } from '../names.ts'
import { wordRefusal } from './refusal.ts'

/** What belonged to needed rows, and what brings it. */
const whyBelow = ({ table, keys, rows, isAtMost }: NeededRows, name: NameTable): string => {
  const isFew = rows <= keys.length
  const parents = isFew ? `${name(table)} ${keys.join(' and ')}` : `${rows} rows of ${name(table)}`
  const needed = rows === 1 ? 'needed only as a parent' : 'needed only as parents'
  const flags = keys.map((key) => `--select ${shellWord(`${name(table)}:${key}`)}`).join(' ')
  const brings = isFew ? `${flags} ${keys.length === 1 ? 'brings' : 'bring'}` : 'selecting them brings'
  const later = isFew ? `, ${flags.replaceAll('--select', '--under')} later on` : ''
  return `${isAtMost ? 'at most so many ' : ''}belonged to ${parents}, ${needed}: ${brings} this along${later}`
}

/** The sentence that stands there, in a plan of before. */
export const whyAlsoMissing = (
  { table, reason, refusal, onDelete, below, why = '' }: MissingToo,
  { children }: Pick<Plan['options'], 'children'>,
  name: NameTable = byId,
): string => {
  switch (reason) {
    case 'cannot be restored':
      return refusal === undefined ? why : `it cannot be restored: ${wordRefusal(refusal, name)}`
    case 'without':
      return `--without ${name(table)}`
    case 'bookkeeping':
      return 'bookkeeping of a framework; name the table to bring it back'
    case 'links':
      return '--links none'
    case 'children':
      return `--children ${children}`
    case 'emptied':
      return onDelete === undefined ? why : `${onDelete}: they were not deleted with it`
    case 'unhooked':
      return 'others of it survived unhooked; select it to bring it back'
    case 'needed':
      return below === undefined ? why : whyBelow(below, name)
    case 'follows':
      return 'came only because of rows that are left out'
    default:
      return why
  }
}
