/** What rowgraft knows about the tables, as people read it. */
import type { TableOverview } from '../../look/tables.ts'
import { indent, joinLines } from '../layout.ts'
import { formatTable } from '../names.ts'
import { plural } from '../quantities.ts'
import { wordDrift } from '../reasons/drift.ts'
import { wordRefusal } from '../reasons/refusal.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

const list = (columns: readonly string[]): string => columns.map(sanitise).join(', ')

const kindOf = ({ kind, isJunction, identity }: TableOverview): string => {
  const what = [isJunction ? 'junction table' : '', kind === 'ordinary table' ? '' : sanitise(kind)].filter(
    (part) => part !== '',
  )
  return [...what, identity.length === 0 ? 'no identity' : `identified by ${list(identity)}`].join(', ')
}

const formatRelation = ({ columns, parent, parentColumns, ...rest }: TableOverview['relations'][number]): string => {
  const { onDelete, isLink, isDeclared, condition } = rest
  const notes = [
    `on delete ${onDelete}`,
    ...(isLink ? ['link'] : []),
    ...(isDeclared ? ['not a constraint'] : []),
    ...(condition === null ? [] : [`where ${sanitise(condition)}`]),
  ]
  return `${list(columns)} → ${formatTable(parent)} (${list(parentColumns)}), ${notes.join(', ')}`
}

const formatOverview = (table: TableOverview, { width, style }: Setting): readonly string[] => [
  '',
  style.heading(formatTable(table.table)) + (table.restorable ? `   ${kindOf(table)}` : ''),
  ...(table.restorable
    ? []
    : indent(`! cannot be restored: ${sanitise(table.refusal === null ? 'unknown' : wordRefusal(table.refusal))}`, {
        width,
        by: 2,
        hanging: 2,
      }).map(style.conflict)),
  ...table.relations.flatMap((relation) => indent(formatRelation(relation), { width, by: 2, hanging: 2 })),
  ...table.drift.flatMap((note) =>
    indent(`! ${sanitise(wordDrift(note))}`, { width, by: 2, hanging: 2 }).map(style.conflict),
  ),
]

/** Every table with its identity, the tables it refers to, its drift, and whether it can be restored. */
export const formatTables = (tables: readonly TableOverview[], setting: Setting): string => {
  const refused = tables.filter(({ restorable }) => !restorable).length
  const rest = refused === 0 ? '' : `, ${refused} of them cannot be restored`
  return joinLines([
    setting.style.heading(`${plural(tables.length, 'table')}${rest}`),
    ...tables.flatMap((table) => formatOverview(table, setting)),
  ])
}
