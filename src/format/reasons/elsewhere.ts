/** The command that gives rows back which live has under another parent by now. */
import { displayAlone, shellWord } from '../../database/display.ts'
import type { GivesBack } from '../../plan/plan.ts'

/** As it is typed; null where nobody can say which rows went where. */
export const commandBack = (table: string, givesBack: GivesBack | null): string | null => {
  if (givesBack === null) return null
  if (givesBack.by === 'statement') return `rowgraft restore --statement ${shellWord(givesBack.statement)}`
  const columns = shellWord(givesBack.columns.map(displayAlone).join(','))
  return `rowgraft restore ${shellWord(table)} --where ${shellWord(givesBack.where)} --columns ${columns}`
}
