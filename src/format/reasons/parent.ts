/** Why a row's parent is not to be had, in words. */
import { displayAlone } from '../../database/display.ts'
import type { Lacking, MissingParent } from '../../selection/missing-parent.ts'
import type { NameTable } from '../names.ts'
import { whyNever } from './never.ts'
import { wordRefusal } from './refusal.ts'

const wordLacking = (because: Exclude<Lacking, { readonly kind: 'hidden' }>): string => {
  switch (because.kind) {
    case 'nowhere':
      return 'is neither in live nor in the backup'
    case 'without rows':
      return 'is not in live, and the rows of its table are not in the backup'
    case 'only in live': {
      const columns = because.columns.map(displayAlone).join(', ')
      return `is not in live, and the backup does not have that table${columns === '' ? '' : `'s ${columns}`}`
    }
    case 'left out':
      return 'was left out'
    case 'barred':
      return `is gone from live, and ${whyNever}`
    case 'option':
      return `is gone from live, and --${because.option} ${becauseOf[because.option]}`
    case 'cannot be restored':
      return `is gone from live and cannot be restored: ${wordRefusal(because.refusal)}`
    case 'of a migration':
      return `(${because.name}) is not in live: run the migrations that make it there first`
  }
}

const becauseOf: Readonly<Record<Extract<Lacking, { readonly kind: 'option' }>['option'], string>> = {
  'parents stop': 'forbids restoring it',
  'parents null': 'restores none',
  without: 'leaves it out',
}

export const wordParent = ({ table, key, because }: MissingParent, name: NameTable): string =>
  because.kind === 'hidden'
    ? `its parent cannot be looked at: ${wordRefusal(because.refusal)}`
    : `its parent ${name(table)} ${key} ${wordLacking(because)}`
