/** Where a table is not the same on both sides, and what else there is to know of it, a sentence each. */

import { displayName } from '../../database/display.ts'
import type { TableNote } from '../../look/table-note.ts'
import { polymorphicEntry, renameLine } from './config-lines.ts'

const becomes = { default: 'has a default', required: 'NOT NULL, no default', null: 'becomes NULL' } as const

const inConfig = (line: string): string => `if it is, say so in the config file: ${line}`

export const wordDrift = (note: TableNote): string => {
  switch (note.kind) {
    case 'only in live':
      return `column "${note.column}" is only in live (${becomes[note.becomes]})`
    case 'only in backup':
      return `column "${note.column}" is only in the backup: its values are lost`
    case 'type':
      return `column "${note.column}" is ${note.backup} in the backup and ${note.live} in live`
    case 'enum labels':
      return `column "${note.column}": live's type has no label ${note.labels.map((label) => `"${label}"`).join(', ')}`
    case 'renamed':
      return `column "${note.column}" is "${note.stored}" in the backup`
    case 'moved':
      return `it is "${note.stored}" in the backup`
    case 'looks renamed':
      return `column "${note.column}" of live may be "${note.from}" of the backup; ${inConfig(renameLine(note))}`
    case 'looks moved':
      return `it may be "${note.to}" of live under another name; ${inConfig(note.line)}`
    case 'soft delete': {
      const flag = `--soft-delete ${note.table}.${displayName(note.column)}`
      return `column "${note.column}" looks like a soft delete; if it is one, say so: ${flag}`
    }
    case 'typed reference': {
      const unknown = note.unknown.map((type) => `"${type}"`).join(', ')
      const rest = unknown === '' ? '' : `; no table is known for ${unknown}`
      const { relation } = note
      const what = `${relation.typeColumn} and ${relation.idColumn} look like a reference to rows of several tables`
      const line = `polymorphic: [${polymorphicEntry(relation)}]`
      return `${what}, which is not followed; if it is one, say so in the config file: ${line}${rest}`
    }
    case 'not held':
      return `no key of it says that (${note.columns.join(', ')}) is unique`
    case 'unlogged':
      return "the backup's table is unlogged: rows absent there prove nothing"
  }
}
