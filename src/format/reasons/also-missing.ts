/** Why rows that are missing too do not come along, in words. */
import type { MissingToo, Plan } from '../../plan/plan.ts'
import { byId, type NameTable } from '../names.ts'
import { wordRefusal } from './refusal.ts'

/** The sentence that stands there, in a plan of before. */
export const whyAlsoMissing = (
  { table, reason, refusal, onDelete, why = '' }: MissingToo,
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
    case 'follows':
      return 'came only because of rows that are left out'
    default:
      return why
  }
}
