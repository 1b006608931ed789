/** Values that no relation says anything of, and that a restore may leave out of date: ids in other columns, trees, counts. Pure. */
import type { Column, Table } from '../../catalog/catalog.ts'
import { pluralise } from '../../catalog/conventions/inflection.ts'
import type { SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import type { StandIns, Step } from '../step.ts'
import type { Note } from './note.ts'

const scalars = /^(smallint|integer|bigint|uuid|text|character varying)$/
const documents = /^jsonb?$/

/** Tables some rows of which have another key in live than in the backup. */
const changingTables = (steps: readonly Step[], standIns: readonly StandIns[]): ReadonlySet<string> =>
  new Set([
    ...steps.filter(({ allocate, live }) => allocate !== undefined || live !== undefined).map(({ table }) => table),
    ...standIns.filter(({ backup, live }) => JSON.stringify(backup) !== JSON.stringify(live)).map(({ table }) => table),
  ])

const namesOf = ({ name }: { readonly name: string }): readonly string[] => {
  const last = name.toLowerCase().split('_').at(-1) ?? ''
  const words = [name.toLowerCase(), last]
  const singular = words.flatMap((word) => [
    word.replace(/ies$/, 'y'),
    word.replace(/e?s$/, ''),
    word.replace(/s$/, ''),
  ])
  return [...new Set([...words, ...singular])].filter((word) => word.length > 1)
}

/** True for a column that may hold keys of a table, by its name and type. */
const mayHoldKeys = ({ name, baseType, typeKind }: Column, words: readonly string[]): boolean => {
  const plain = name.toLowerCase()
  const matches = (ending: string): boolean =>
    words.some((word) =>
      [word, pluralise(word)].some((own) => plain === own + ending || plain.endsWith(`_${own}${ending}`)),
    )
  const isSeveral = typeKind === 'array' || documents.test(baseType)
  const isOne = scalars.test(baseType)
  const isKey = ['_id', '_ids', '_pk', '_pks', '_uuid', '_uuids', '_key', '_keys'].some(matches)
  return (isKey && (isSeveral || isOne)) || (isSeveral && matches(''))
}

const isReferring = (catalog: SharedCatalog, table: string, name: string): boolean =>
  [...catalog.relations, ...catalog.toLiveOnly].some(({ child, columns }) => child === table && columns.includes(name))

/** Columns that look like keys of tables whose keys change, and that nothing says refer to them. */
export const unfollowedKeys = (
  catalog: SharedCatalog,
  steps: readonly Step[],
  standIns: readonly StandIns[],
): readonly Note[] =>
  [...changingTables(steps, standIns)].sort().flatMap((id) => {
    const changing = catalog.tables.get(id)
    if (changing === undefined || catalog.named.has(id) || changing.primaryKey.length !== 1) return []
    const words = namesOf(changing)
    const columns = catalog.live.tables.flatMap((table) =>
      table.columns
        .filter((own) => !isReferring(catalog, table.id, own.name) && !isOwnKey(table, changing, own.name))
        .filter((own) => mayHoldKeys(own, words))
        .map(({ name, type }) => ({ table: table.id, column: name, type })),
    )
    return columns.length === 0 ? [] : [{ kind: 'unfollowed keys', table: id, columns }]
  })

const isOwnKey = (table: Table, changing: SharedTable, name: string): boolean =>
  table.id === changing.id && changing.primaryKey.includes(name)

const ofTheServer = /^(xid8?|cid|tid|pg_lsn|pg_snapshot|txid_snapshot)$/

/** Columns whose values name transactions, places or log positions: of the server they come from, and of no other. */
export const serverBound = (catalog: SharedCatalog, steps: readonly Step[]): readonly Note[] =>
  [...Map.groupBy(steps, ({ table }) => table)].flatMap(([id, own]) => {
    const written = new Set(own.flatMap(({ columns }) => columns))
    const columns = (catalog.tables.get(id)?.columns ?? [])
      .filter(({ name, live }) => written.has(name) && ofTheServer.test(live.baseType))
      .map(({ name, live }) => ({ column: name, type: live.type }))
    return columns.length === 0 ? [] : [{ kind: 'server bound', table: id, columns }]
  })

const trees: readonly { readonly columns: readonly RegExp[]; readonly tree: 'nested sets' | 'paths' }[] = [
  { columns: [/^lft$/, /^(rght|rgt)$/], tree: 'nested sets' },
  { columns: [/^path$/, /^depth$/, /^numchild$/], tree: 'paths' },
]

/** Columns that are computed from other rows: rows put back among them do not fit without more. */
export const derivedColumns = (catalog: SharedCatalog, steps: readonly Step[]): readonly Note[] => {
  const inserted = new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))
  const parents = catalog.relations.filter(({ child }) => inserted.has(child)).map(({ parent }) => parent)
  const tables = [...new Set([...inserted, ...parents])].flatMap((id) => catalog.tables.get(id) ?? [])
  return tables.flatMap(({ id, columns }): readonly Note[] => {
    const names = columns.map(({ name }) => name)
    const tree = inserted.has(id)
      ? trees.find((own) => own.columns.every((pattern) => names.some((name) => pattern.test(name))))
      : undefined
    const found = tree === undefined ? [] : names.filter((name) => tree.columns.some((pattern) => pattern.test(name)))
    const counts = columns
      .filter(({ name, live }) => /_count$/.test(name) && /^(smallint|integer|bigint)$/.test(live.baseType))
      .map(({ name }) => name)
    return [
      ...(tree === undefined ? [] : [{ kind: 'tree', table: id, columns: found, tree: tree.tree } as const]),
      ...(counts.length === 0 ? [] : [{ kind: 'counts', table: id, columns: counts } as const]),
    ]
  })
}
