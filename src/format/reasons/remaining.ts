/** What an undo does not take back, in words. */
import type { Remaining } from '../../run/run.ts'
import { byId, type NameTable } from '../names.ts'

export const wordRemaining = (remaining: Remaining, name: NameTable = byId): string => {
  switch (remaining.kind) {
    case 'hook':
      return `what the ${remaining.when} SQL of the config file changed stays`
    case 'trigger rows':
      return `rows that triggers wrote into ${name(remaining.table)} stay`
    case 'sequence':
      return `sequence ${name(remaining.sequence)} stays raised`
    case 'column':
      return `column ${name(remaining.table)}.${remaining.column} is written by a trigger`
  }
}
