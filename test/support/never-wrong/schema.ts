/** From the tables of a case to tables with names and columns, and the SQL that makes them. Pure. */
import type { CaseSpec, KeyKind, Pool, ReferenceSpec, TableSpec } from './spec.ts'

export interface Reference {
  /** Position of the parent. */
  readonly to: number
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
  readonly isNullable: boolean
  readonly onDelete: ReferenceSpec['onDelete']
  /** Its columns are part of the key. */
  readonly isKey: boolean
}

/** A column that a trigger keeps: how many rows of a table refer to this one. */
export interface Counter {
  readonly column: string
  /** Position of the table that is counted, whose first reference it is. */
  readonly counted: number
}

export interface ValueColumn {
  readonly name: string
  readonly pool: Pool | 'code'
}

export interface Table {
  readonly position: number
  /** The name as SQL takes it, and as it is typed. */
  readonly sql: string
  readonly id: string
  /** `stats` and `log` are filled by triggers alone. */
  readonly key: KeyKind | 'stats' | 'log'
  /** The columns by which a row is recognised. */
  readonly identity: readonly string[]
  readonly identityTypes: readonly string[]
  readonly references: readonly Reference[]
  readonly values: readonly ValueColumn[]
  readonly counters: readonly Counter[]
  readonly isTouched: boolean
  readonly counts: TableSpec['counts']
  readonly audit: TableSpec['audit']
  /** Position of the table whose rows a trigger counts or logs in it; null where it has rows of its own. */
  readonly madeFor: number | null
}

const names = ['place', 'folder', 'file', 'note', 'mark']

export const quote = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`)

export const list = (columns: readonly string[]): string => columns.map(quote).join(', ')

type Draft = Omit<Table, 'counters'>

interface KeyColumns {
  readonly identity: readonly string[]
  readonly identityTypes: readonly string[]
}

const numberType = (key: KeyKind): string => (key === 'identity' ? 'bigint' : 'integer')

const keyColumns = (key: KeyKind, own: readonly Reference[], earlier: readonly Draft[], isOdd: boolean): KeyColumns => {
  const taken = own.flatMap(({ columns }) => columns)
  const types = own.flatMap(({ to }) => earlier[to]?.identityTypes ?? [])
  switch (key) {
    case 'text':
      return { identity: ['tag'], identityTypes: ['text'] }
    case 'uuid':
      return { identity: ['id'], identityTypes: ['uuid'] }
    case 'pair':
      return { identity: ['hall', 'no'], identityTypes: ['text', 'integer'] }
    case 'numbered':
      return { identity: [...taken, 'no'], identityTypes: [...types, 'integer'] }
    case 'parent':
    case 'link':
    case 'link id':
      return { identity: taken, identityTypes: types }
    default:
      return { identity: [isOdd ? 'Id' : 'id'], identityTypes: [numberType(key)] }
  }
}

const keyReferences: Partial<Readonly<Record<KeyKind, number>>> = { parent: 1, numbered: 1, link: 2, 'link id': 2 }

/** The table that a reference means: the nearest that rows of others may refer to. */
const parentOf = (to: number, among: readonly Draft[]): Draft | undefined => {
  const parents = among.filter(({ key }) => key !== 'link id')
  return parents.findLast(({ position }) => position <= to) ?? parents[0]
}

const referTo = (parent: Draft, position: number, spec: ReferenceSpec, isKey: boolean): Reference => ({
  to: parent.position,
  columns: parent.identity.map((name) => `${['a', 'b'][position]}_${name.toLowerCase()}`),
  parentColumns: parent.identity,
  isNullable: !isKey && (spec.isNullable || spec.onDelete === 'set null'),
  onDelete: isKey && spec.onDelete === 'set null' ? 'cascade' : spec.onDelete,
  isKey,
})

const anyReference: ReferenceSpec = { to: 0, isNullable: false, onDelete: 'cascade' }

const draft = (spec: TableSpec, position: number, earlier: readonly Draft[]): Draft => {
  const wanted = keyReferences[spec.key] ?? 0
  const key = wanted > 0 && parentOf(0, earlier) === undefined ? 'plain' : spec.key
  const count = keyReferences[key] ?? 0
  const references = Array.from({ length: count }, (_, at) => {
    const own = spec.references[at] ?? anyReference
    return referTo(parentOf(own.to, earlier) as Draft, at, own, true)
  })
  const name = spec.isOdd ? `Odd ${names[position]}` : (names[position] ?? '')
  return {
    position,
    sql: quote(name),
    id: `public.${quote(name)}`,
    key,
    ...keyColumns(key, references, earlier, spec.isOdd),
    references,
    values: [
      ...(spec.hasCode ? [{ name: 'code', pool: 'code' } as const] : []),
      ...spec.pools.map((pool, at) => ({ name: `${pool === 'null' ? 'memo' : pool}${at}`, pool })),
    ],
    isTouched: spec.isTouched,
    counts: 'no',
    audit: spec.audit,
    madeFor: null,
  }
}

/** References that are no part of a key: to tables before it, to itself, or, where they can be empty, to any. */
const withReferences = (own: Draft, spec: TableSpec, all: readonly Draft[]): Draft => {
  const others = spec.references.slice(own.references.length).map((each, at): Reference | null => {
    const parent = parentOf(each.to, all)
    if (parent === undefined) return null
    // Where keys are known only once other rows are, there is nothing yet to refer to.
    const isLate = parent.position > own.position || (parent.position === own.position && own.references.length > 0)
    return referTo(parent, own.references.length + at, { ...each, isNullable: each.isNullable || isLate }, false)
  })
  const references = [...own.references, ...others.filter((each) => each !== null)]
  const [first] = references
  const isCounted = first !== undefined && first.to < own.position
  return { ...own, references, counts: isCounted ? spec.counts : 'no' }
}

const madeBy = (tables: readonly Draft[]): readonly Draft[] => {
  const made: Draft[] = []
  const add = (table: Omit<Draft, 'position' | 'id' | 'isTouched' | 'counts' | 'audit'>): void => {
    const position = tables.length + made.length
    made.push({ ...table, position, id: `public.${table.sql}`, isTouched: false, counts: 'no', audit: 'no' })
  }
  for (const table of tables) {
    const [first] = table.references
    const parent = first === undefined ? undefined : tables[first.to]
    if (table.counts === 'stats' && parent !== undefined) {
      const references = [referTo(parent, 0, anyReference, true)]
      const identity = references.flatMap(({ columns }) => columns)
      const sql = `stats_${names[table.position]}`
      add({
        sql,
        key: 'stats',
        identity,
        identityTypes: parent.identityTypes,
        references,
        values: [],
        madeFor: table.position,
      })
    }
    if (table.audit === 'no') continue
    const references = table.audit === 'tied' ? [referTo(table, 0, anyReference, false)] : []
    const values = ['what', 'about'].map((name) => ({ name, pool: 'few' }) as const)
    const sql = `log_${names[table.position]}`
    add({
      sql,
      key: 'log',
      identity: ['id'],
      identityTypes: ['integer'],
      references,
      values,
      madeFor: table.position,
    })
  }
  return made
}

/** All tables of a case, parents of keys first; those that triggers fill last. */
export const makeTables = ({ tables: specs }: Pick<CaseSpec, 'tables'>): readonly Table[] => {
  const drafts: Draft[] = []
  for (const [position, spec] of specs.entries()) drafts.push(draft(spec, position, drafts))
  const own = drafts.map((each, at) => withReferences(each, specs[at] as TableSpec, drafts))
  const all = [...own, ...madeBy(own)]
  return all.map((table) => ({
    ...table,
    counters: own.flatMap(({ position, counts, references: [first] }): readonly Counter[] => {
      if (first === undefined || counts === 'no') return []
      const isStats = table.key === 'stats' && table.madeFor === position
      const isHere = counts === 'parent' ? first.to === table.position : isStats
      return isHere ? [{ column: `n_${names[position]}`, counted: position }] : []
    }),
  }))
}

const valueType: Readonly<Record<ValueColumn['pool'], string>> = {
  own: 'text not null',
  few: 'text not null',
  null: 'text',
  count: 'integer not null',
  made: 'timestamptz not null',
  code: 'text not null unique',
}

const keyDefinition = ({ key, identity, identityTypes }: Table, name: string): string => {
  const type = identityTypes[identity.indexOf(name)] ?? 'text'
  if (key === 'serial' || key === 'log') return 'serial'
  if (key === 'identity') return `${type} generated by default as identity`
  return key === 'uuid' ? `${type} default gen_random_uuid()` : type
}

const definitions = (table: Table, tables: readonly Table[]): readonly string[] => {
  const { key, identity, references, values, counters } = table
  const referring = references.flatMap(({ columns, to, isNullable }) =>
    columns.map(
      (name, at) => `${quote(name)} ${tables[to]?.identityTypes[at] ?? 'text'}${isNullable ? '' : ' not null'}`,
    ),
  )
  const inReferences = new Set(references.flatMap(({ columns }) => columns))
  return [
    ...(key === 'link id' ? ['id serial primary key'] : []),
    ...identity.filter((name) => !inReferences.has(name)).map((name) => `${quote(name)} ${keyDefinition(table, name)}`),
    ...referring,
    ...values.map(({ name, pool }) => `${name} ${valueType[pool]}`),
    ...counters.map(({ column }) => `${column} integer not null default 0`),
    ...(table.isTouched ? ["touched timestamptz not null default '2026-01-01 00:00+00'"] : []),
    `${key === 'link id' ? 'unique' : 'primary key'} (${list(identity)})`,
  ]
}

/** The SQL of the tables, without triggers. */
export const tableSql = (tables: readonly Table[]): readonly string[] => [
  ...tables.map((table) => `create table ${table.sql} (${definitions(table, tables).join(', ')})`),
  ...tables.flatMap((table) =>
    table.references.map(
      ({ columns, to, parentColumns, onDelete }) =>
        `alter table ${table.sql} add foreign key (${list(columns)}) references ${tables[to]?.sql} (${list(parentColumns)}) on delete ${onDelete}`,
    ),
  ),
]
