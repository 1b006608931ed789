/** Where a plan's values come from, when not from columns of the same name. */
import { displayTable } from '../../database/display.ts'
import type { Plan } from '../../plan/plan.ts'
import { formatColumn, formatTable } from '../names.ts'
import { plural } from '../quantities.ts'
import { wordNote } from '../reasons/note.ts'
import { sanitise } from '../sanitise.ts'

/** Tables and columns that have another name in the backup, a sentence per table. */
export const formatSources = ({ sources }: Plan): readonly string[] =>
  Object.entries(sources).flatMap(([id, { schema, name, columns }]) => {
    const stored = displayTable({ schema, name })
    const renamed = Object.entries(columns).flatMap(([own, { column }]) =>
      column === null || column === own ? [] : [`${formatColumn(own)} is ${formatColumn(column)}`],
    )
    const table = stored === id ? [] : [`it is ${formatTable(stored)}`]
    const words = [...table, ...renamed]
    return words.length === 0 ? [] : [`${formatTable(id)} in the backup: ${words.join(', ')}.`]
  })

const groupOf = ({ table, column, by }: Plan['edits'][number]): string =>
  JSON.stringify(by === 'transform' ? [table, by] : [table, by, column])

const formatValue = (value: string | null): string => (value === null ? 'NULL' : `"${sanitise(value)}"`)

/** Values that live gets instead of the backup's, a sentence per column. */
export const formatEdits = ({ edits }: Plan): readonly string[] =>
  [...Map.groupBy(edits, groupOf).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    if (first.by === 'transform') {
      const columns = group.map(({ column, rows }) => `${formatColumn(column)} in ${plural(rows, 'row')}`)
      return [`The transform of ${formatTable(first.table)} changes ${columns.join(', ')}.`]
    }
    const name = `${formatTable(first.table)}.${formatColumn(first.column)}`
    const values = group.map(({ from, to, rows }) => {
      const becomes =
        to === undefined ? '' : `${from === undefined ? '' : `${formatValue(from)} → `}${formatValue(to)} `
      return `${becomes}in ${plural(rows, 'row')}`
    })
    return [`Writes into ${name}: ${values.join(', ')} (--${first.by}).`]
  })

/** What the config file may have to say, or somebody to do. */
export const formatNotes = ({ notes, hints = [] }: Plan): readonly string[] =>
  (notes?.map(wordNote) ?? hints).map((note) => `Note: ${sanitise(note)}`)
