/** What settles a conflict beside its answers: the flag or the setting, and what it does. */
import { displayAlone, displayName } from '../../database/display.ts'
import type { Conflict } from '../../plan/conflicts.ts'

/** A flag, and what it does. */
export interface WayOut {
  readonly flag: string
  readonly does: string
}

/** A help of a conflict of the table; one of a plan of before is in words already. */
export const wordHelp = (table: string, help: NonNullable<Conflict['helps']>[number]): WayOut => {
  if (!('kind' in help)) return help
  switch (help.kind) {
    case 'value':
      return {
        flag: `--set ${table}.${displayName(help.column)}=<value>`,
        does: `give every restored row this ${displayAlone(help.column)} instead of the backup's`,
      }
    case 'transform':
      return {
        flag: `transforms["${table}"]`,
        does: `in the config file: give each row a ${displayAlone(help.column)} of its own`,
      }
    case 'empty':
      return {
        flag: `--set '${table}.${displayName(help.column)}=null'`,
        does: 'leave it empty in every restored row',
      }
    case 'parent value':
      return {
        flag: `--set ${help.table}.${displayName(help.column)}=<value>`,
        does: 'give the column of its parent a value',
      }
    case 'restore parents':
      return { flag: '--parents restore', does: 'bring back the parents that are gone' }
    case 'null parents':
      return { flag: '--parents null', does: `leave ${help.columns.map(displayAlone).join(', ')} empty` }
    case 'map label':
      return {
        flag: `--map-enum '${table}.${displayName(help.column)}:${help.label}=<label>'`,
        does: `write another label instead: ${help.labels.join(', ')}`,
      }
    case 'identity':
      return { flag: 'identities in rowgraft.config.ts', does: 'say by which other columns its rows are recognised' }
  }
}
