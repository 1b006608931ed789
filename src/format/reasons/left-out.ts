/** Why rows stay out, in words. */

import type { TableRefusal } from '../../catalog/refusal/refusal.ts'
import { displayAlone, shellWord } from '../../database/display.ts'
import type { StaysOut, StaysOutReason } from '../../plan/left-out.ts'
import type { UnlinkedBecause } from '../../selection/left-out.ts'
import { byId, type NameTable } from '../names.ts'
import { wordInTheWay } from './conflict.ts'
import { whyNever } from './never.ts'
import { wordRefusal } from './refusal.ts'

/** The words, and what is said of a flag that helps: nothing where none does, or where it is part of the words. */
export interface LeftOutWords {
  readonly words: string
  readonly help: string
}

const unlinked: Readonly<Record<UnlinkedBecause, string>> = {
  'at its default': 'its reference stands at the default',
  'another record': 'it has other values, and may be another record by now',
  'empty before': 'its reference was empty before the deletion',
  'written since': 'the row was written after the deletion, so who emptied it is not known',
}

const elsewhere = 'an UPDATE is undone only in rows that live still has'

/** A refusal, or the sentence that a plan of before has of it. */
const wordBecause = (because: TableRefusal | undefined, said = ''): string =>
  because === undefined ? said : wordRefusal(because)

const names = (columns: readonly string[]): string => columns.map(displayAlone).join(', ')

const alone = (words: string): LeftOutWords => ({ words, help: '' })

/** What keeps a row of a table out. */
export const wordLeftOut = (table: string, reason: StaysOutReason, name: NameTable = byId): LeftOutWords => {
  switch (reason.kind) {
    case 'end gone':
      return {
        words: `${name(reason.table)} ${reason.key} is gone from live too`,
        help: reason.canPull ? '; --links pull brings it along' : '',
      }
    case 'end barred':
      return alone(`${name(reason.table)} ${reason.key} is gone from live, and ${whyNever}`)
    case 'end hidden':
      return alone(`${name(reason.table)}: ${wordBecause(reason.because, reason.hidden)}`)
    case 'cannot be compared':
      return alone(`rows of it belong to ${reason.parent}; ${wordBecause(reason.because, reason.refusal)}`)
    case 'cannot be restored':
      return alone(`it cannot be restored: ${wordBecause(reason.because, reason.refusal)}`)
    case 'never':
      return alone(whyNever)
    case 'marked in the backup':
      return alone('it is marked as deleted in the backup too')
    case 'dropped by its transform':
      return alone('its transform leaves it out')
    case 'no row for columns':
      return alone('it is missing in live; --columns restores columns of rows that live still has')
    case 'hit and missing':
      return alone(`it is missing in live too; ${elsewhere}`)
    case 'hit and reused':
      return alone(`its key belongs to another record in live; ${elsewhere}`)
    case 'hit and doubtful':
      return alone(
        `live's row has other values in ${names(reason.columns)} too, and may be another record; ${elsewhere}`,
      )
    case 'hit and restored':
      return alone(`it was restored as ${reason.live}, with the backup's values`)
    case 'parent refused':
      return alone(
        `its parent ${name(reason.table)} ${reason.key} may be another record in live, and is not to be taken for it`,
      )
    case 'anchor refused':
      return alone('what is missing below it: live has another record of its key, as far as anybody can tell')
    case 'skipped':
      return alone(reason.inTheWay === undefined ? (reason.said ?? '') : wordInTheWay(reason.inTheWay, name))
    case 'looks like another': {
      const help = `; select it, with --on-conflict ${shellWord(`${table}=allocate`)}, to bring the backup's back beside it`
      const words = `live has a row of this key with other values in ${names(reason.columns)}, which may be another record`
      return alone(`${words}${reason.canComeBeside ? help : ''}`)
    }
    case 'relink none': {
      const stays = reason.columns.length === 1 ? 'stays' : 'stay'
      return alone(`${names(reason.columns)} ${stays} ${reason.isDefault ? 'at the default' : 'empty'} (--relink none)`)
    }
    case 'not relinked':
      return { words: `${names(reason.columns)}: ${unlinked[reason.because]}`, help: '; --relink all writes it' }
  }
}

/** The sentence of a row that stays out: it names the row where a conflict was answered, and the flag that helps. */
export const whyLeftOut = ({ table, key, reason, why = '' }: StaysOut): string => {
  if (reason === undefined) return why
  const { words, help } = wordLeftOut(table, reason)
  return `${reason.kind === 'skipped' ? `${table} ${key}: ` : ''}${words}${help}`
}
