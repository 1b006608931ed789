/** Rows of a case: their keys, values and references, and the SQL that inserts them. Pure. */
import { list, quote, type Table, type ValueColumn } from './schema.ts'
import type { CaseSpec, RowSpec } from './spec.ts'

export interface Row {
  readonly key: readonly string[]
  /** By column: values alone, neither key nor references. */
  readonly values: Readonly<Record<string, string | null>>
  /** The key of the parent, per reference. */
  readonly references: readonly (readonly string[] | null)[]
}

export type Keys = readonly (readonly string[])[]

const words = ['ash', 'birch', 'cedar', 'elm', 'fir', 'hazel', 'lime', 'maple', 'oak', 'pine', 'rowan', 'yew']
const colours = ['red', 'green', 'blue']

/** A value of a record: `record` is no other record's number, `pick` any number. */
export const makeValue = (pool: ValueColumn['pool'], record: number, pick: number): string | null => {
  switch (pool) {
    case 'own':
      return `${words[pick % words.length]} ${record}`
    case 'few':
      return colours[pick % colours.length] ?? ''
    case 'null':
      return pick % 3 === 0 ? `memo ${record}` : null
    case 'count':
      return String(pick)
    case 'made':
      return new Date(Date.UTC(2026, 0, 1, record)).toISOString()
    case 'code':
      return `C-${record}`
  }
}

/** All values of a record. */
export const makeValues = ({ values }: Table, record: number, value: number): Row['values'] =>
  Object.fromEntries(values.map(({ name, pool }, at) => [name, makeValue(pool, record, value + 7 * at)]))

/** The parents a row refers to, among those there are; undefined where it needs one and there is none. */
export const pickReferences = (
  table: Table,
  { to }: RowSpec,
  keysOf: (position: number) => Keys,
): Row['references'] | undefined => {
  const picked = table.references.map(({ to: parent, isNullable }, at) => {
    const keys = keysOf(parent)
    const pick = to[at] ?? 0
    if (keys.length === 0 || (isNullable && pick % 4 === 3)) return isNullable ? null : undefined
    return keys[pick % keys.length]
  })
  return picked.some((key) => key === undefined) ? undefined : picked.map((key) => key ?? null)
}

/** The `number`th key of a table; of one that takes its parents' the key of these. */
export const keyOf = (table: Table, number: number, references: Row['references']): readonly string[] => {
  const taken = table.references.flatMap(({ isKey }, at) => (isKey ? (references[at] ?? []) : []))
  switch (table.key) {
    case 'text':
      return [`k${number}`]
    case 'uuid':
      return [`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`]
    case 'pair':
      return [number % 2 === 0 ? 'B' : 'A', String(number)]
    case 'numbered':
      return [...taken, String(number)]
    case 'parent':
    case 'link':
    case 'link id':
    case 'stats':
      return taken
    default:
      return [String(number)]
  }
}

export const pack = (key: readonly string[]): string => key.join('\0')

/** The backup's rows, per table that has rows of its own. */
export const makeRows = (tables: readonly Table[], { tables: specs }: CaseSpec): readonly (readonly Row[])[] => {
  const made: Row[][] = []
  // Who refers to itself, or to a table further on, refers to keys that are made of nothing but a number.
  const numbered = (position: number): Keys => {
    const table = tables[position]
    if (table === undefined || table.references.some(({ isKey }) => isKey)) return []
    return (specs[position]?.rows ?? []).map((_, at) => keyOf(table, at + 1, []))
  }
  for (const [position, { rows }] of specs.entries()) {
    const table = tables[position]
    if (table === undefined) continue
    const known = new Map<string, Row>()
    for (const [at, row] of rows.entries()) {
      const references = pickReferences(table, row, (to) => made[to]?.map(({ key }) => key) ?? numbered(to))
      if (references === undefined) continue
      const key = keyOf(table, at + 1, references)
      if (known.has(pack(key))) continue
      known.set(pack(key), { key, references, values: makeValues(table, 100 * position + at + 1, row.value) })
    }
    made.push([...known.values()])
  }
  return withoutDangling(tables, made)
}

/** Empties references to rows that were not made after all; rows that need them go. */
const withoutDangling = (tables: readonly Table[], made: readonly (readonly Row[])[]): readonly (readonly Row[])[] => {
  const keys = made.map((rows) => new Set(rows.map(({ key }) => pack(key))))
  const isThere = (table: Table, at: number, key: readonly string[] | null): boolean =>
    key === null || keys[table.references[at]?.to ?? -1]?.has(pack(key)) === true
  const kept = made.map((rows, position) => {
    const table = tables[position]
    if (table === undefined) return []
    return rows
      .map((row) => {
        const emptied = row.references.map((key, at) => {
          if (isThere(table, at, key)) return key
          return table.references[at]?.isNullable === true ? null : undefined
        })
        return emptied.some((key) => key === undefined)
          ? null
          : { ...row, references: emptied.map((key) => key ?? null) }
      })
      .filter((row) => row !== null)
  })
  const lost = kept.some((rows, position) => rows.length < (made[position]?.length ?? 0))
  return lost ? withoutDangling(tables, kept) : kept
}

export const literal = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`)

/** `(a, b) = ('1', '2')` */
export const isKey = (columns: readonly string[], key: readonly string[]): string =>
  columns.length === 1
    ? `${list(columns)} = ${key.map(literal).join(', ')}`
    : `(${list(columns)}) = (${key.map(literal).join(', ')})`

/** A row's values by column; `withKey` false leaves the key to its default. */
export const cells = (table: Table, row: Row, withKey: boolean): ReadonlyMap<string, string | null> =>
  new Map([
    ...(withKey ? table.identity.map((name, at) => [name, row.key[at] ?? null] as const) : []),
    ...table.references.flatMap(({ columns }, at) =>
      columns.map((name, part) => [name, row.references[at]?.[part] ?? null] as const),
    ),
    ...Object.entries(row.values),
  ])

/** One statement that inserts rows with the same columns. */
export const insertSql = (table: Table, rows: readonly ReadonlyMap<string, string | null>[]): string => {
  const columns = [...(rows[0]?.keys() ?? [])]
  const values = rows.map((row) => `(${columns.map((name) => literal(row.get(name) ?? null)).join(', ')})`)
  return `insert into ${table.sql} (${list(columns)}) values ${values.join(', ')}`
}

/** The SQL of the backup's rows: references to tables further on are written once these are filled. */
export const backupSql = (tables: readonly Table[], rows: readonly (readonly Row[])[]): readonly string[] => {
  const filled = tables.filter(({ position }) => (rows[position] ?? []).length > 0)
  const forward = (table: Table): readonly string[] =>
    table.references.filter(({ to }) => to > table.position).flatMap(({ columns }) => columns)
  return [
    ...filled.map((table) =>
      insertSql(
        table,
        (rows[table.position] ?? []).map((row) => {
          const later = new Set(forward(table))
          return new Map([...cells(table, row, true)].filter(([name]) => !later.has(name)))
        }),
      ),
    ),
    ...filled.flatMap((table) =>
      table.references.flatMap(({ to, columns }, at) =>
        (rows[table.position] ?? []).flatMap((row) => {
          const key = row.references[at] ?? null
          if (to <= table.position || key === null) return []
          const set = columns.map((name, part) => `${quote(name)} = ${literal(key[part] ?? null)}`).join(', ')
          return [`update ${table.sql} set ${set} where ${isKey(table.identity, row.key)}`]
        }),
      ),
    ),
    ...filled
      .filter(({ key }) => key === 'serial' || key === 'identity')
      .map(({ id, identity: [name = ''], sql }) => {
        return `select setval(pg_get_serial_sequence(${literal(id)}, ${literal(name)}), (select max(${quote(name)}) from ${sql}))`
      }),
  ]
}
