/** Names that look like one another on the two sides: told, never assumed. Pure. */
import { displayTable } from '../../database/display.ts'
import type { Catalog, Column, Table } from '../catalog.ts'
import { columnOf } from '../catalog.ts'

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const key = (text: string): string => (/^[a-z_$][\w$]*$/i.test(text) ? text : quote(text))

const lacking = (table: Table, other: Table): readonly Column[] =>
  table.columns.filter(({ name, generated }) => generated === null && columnOf(other, name) === undefined)

/** A column of live that may be one of the backup under another name: the only one on either side of its type. */
export interface LikelyRename {
  readonly from: string
  readonly to: string
  /** One sentence, with the line of the config file. */
  readonly text: string
}

/** Columns that look renamed. */
export const likelyRenames = (live: Table, backup: Table): readonly LikelyRename[] => {
  const [come, gone] = [lacking(live, backup), lacking(backup, live)]
  return come.flatMap(({ name: to, type }) => {
    const alike = gone.filter((column) => column.type === type)
    const rivals = come.filter((column) => column.type === type)
    const from = alike[0]?.name
    if (from === undefined || alike.length > 1 || rivals.length > 1) return []
    const line = `columns: { ${quote(live.id)}: { ${key(from)}: ${quote(to)} } }`
    return [
      {
        from,
        to,
        text: `column "${to}" of live may be "${from}" of the backup; if it is, say so in the config file: ${line}`,
      },
    ]
  })
}

const shape = (table: Table): string => JSON.stringify(table.columns.map(({ name, type }) => `${name} ${type}`).sort())

/** Tables of the backup that look like one that only live has: by the backup's id, a sentence with the line of the config file. */
export const likelyMoves = (live: Catalog, backup: Catalog): ReadonlyMap<string, string> => {
  const inLive = new Set(live.tables.map(({ id }) => id))
  const inBackup = new Set(backup.tables.map(({ id }) => id))
  const come = live.tables.filter(({ id }) => !inBackup.has(id))
  const gone = backup.tables.filter(({ id }) => !inLive.has(id))
  const found = new Map<string, string>()
  for (const table of gone) {
    const isAlike = (other: Table): boolean => shape(other) === shape(table)
    const candidates = come.filter(isAlike)
    const namesake = candidates.find(({ name }) => name === table.name)
    const [target, ...others] = namesake === undefined ? candidates : [namesake]
    if (target === undefined || others.length > 0 || (namesake === undefined && gone.filter(isAlike).length > 1))
      continue
    const line =
      namesake === undefined
        ? `tables: { ${quote(table.id)}: ${quote(target.id)} }`
        : `schemas: { ${key(table.schema)}: ${quote(target.schema)} }`
    const text = `it may be "${displayTable(target)}" of live under another name; if it is, say so in the config file: ${line}`
    found.set(table.id, text)
  }
  return found
}
