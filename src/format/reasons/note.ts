/** Notes of a plan, a sentence each. */
import { displayAlone } from '../../database/display.ts'
import type { Note } from '../../plan/notes/note.ts'
import { shortId } from '../names.ts'
import { wordDrift } from './drift.ts'

const list = (columns: readonly string[]): string => columns.map(displayAlone).join(', ')

export const wordNote = (note: Note): string => {
  switch (note.kind) {
    case 'looks renamed':
      return `${note.table}: ${wordDrift(note)}`
    case 'unfollowed keys': {
      const columns = note.columns.map(
        ({ table, column, type }) => `${shortId(table)}.${displayAlone(column)} (${type})`,
      )
      const old = `${columns.join(', ')} may hold old ones, which are not followed: no relation says so`
      return `keys of ${shortId(note.table)} change; ${old}`
    }
    case 'server bound': {
      const columns = note.columns.map(({ column, type }) => `${displayAlone(column)} (${type})`).join(', ')
      return `${shortId(note.table)}: ${columns} speak of the server they were written on; they are copied as they are`
    }
    case 'tree': {
      const tree = note.tree === 'paths' ? 'a tree by paths' : note.tree
      return `${shortId(note.table)}: ${list(note.columns)} make up ${tree}; rebuild it afterwards`
    }
    case 'trigger rows':
      return `rows that triggers of the run wrote into ${shortId(note.table)} stay there`
    case 'counts':
      return `${shortId(note.table)}: ${list(note.columns)} may count rows that come back; check afterwards`
    case 'unindexed': {
      const what = `${shortId(note.table)} has no index on ${note.columns}, by which it refers to ${shortId(note.parent)}`
      return `${what}: an undo would read all of it for each of ${note.rows.toLocaleString('en-US')} rows`
    }
  }
}
