/** What happens to live after the backup was taken, statement by statement, and which keys it gave to other records. */
import type pg from 'pg'
import {
  cells,
  insertSql,
  isKey,
  keyOf,
  literal,
  makeValue,
  makeValues,
  pack,
  pickReferences,
  type Row,
} from './rows.ts'
import { list, quote, type Reference, type Table } from './schema.ts'
import { keyIn, readSide, type Side } from './sides.ts'
import type { CaseSpec, DamageSpec, Difference } from './spec.ts'

export interface Damage {
  /** The statements that went through, each in a transaction of its own. */
  readonly sql: readonly string[]
  /** Keys that the damage gave to records of its own, packed, per position of a table. */
  readonly born: readonly ReadonlySet<string>[]
}

interface Scene {
  readonly tables: readonly Table[]
  readonly rows: readonly (readonly Row[])[]
  readonly live: Side
  /** A number that no record has. */
  readonly record: number
}

/** SQL that goes together, and the key it gives to a new record. */
interface Act {
  readonly sql: readonly string[]
  readonly born?: readonly { readonly position: number; readonly key: string }[]
}

/** How deep an application looks for rows that keep others from being deleted. */
const depth = 3

const childrenOf = (
  tables: readonly Table[],
  { position }: Table,
): readonly { readonly child: Table; readonly reference: Reference }[] =>
  tables.flatMap((child) =>
    child.references.filter(({ to }) => to === position).map((reference) => ({ child, reference })),
  )

/** Deletes what would keep rows from being deleted, as an application does. */
const clear = (tables: readonly Table[], table: Table, condition: string, left = depth): readonly string[] =>
  left === 0
    ? []
    : childrenOf(tables, table).flatMap(({ child, reference: { columns, parentColumns, onDelete } }) => {
        if (onDelete === 'set null') return []
        const own = `(${list(columns)}) in (select ${list(parentColumns)} from ${table.sql} where ${condition})`
        const below = clear(tables, child, own, left - 1)
        return onDelete === 'cascade' ? below : [...below, `delete from ${child.sql} where ${own}`]
      })

const remove = ({ tables }: Scene, table: Table, key: readonly string[]): readonly string[] => {
  const condition = isKey(table.identity, key)
  return [...clear(tables, table, condition), `delete from ${table.sql} where ${condition}`]
}

const share: Readonly<Record<Difference, (columns: number) => number>> = {
  all: (columns) => columns,
  most: (columns) => Math.max(1, columns - 1),
  half: (columns) => Math.ceil(columns / 2),
  few: () => 1,
}

/** The values of another record that got the key of this one; how many differ is said. It was made at another time in any case. */
const strangerValues = (table: Table, row: Row, record: number, differs: Difference): Row['values'] => {
  const count = share[differs](table.values.length)
  return Object.fromEntries(
    table.values.map(({ name, pool }, at) => {
      const old = row.values[name] ?? null
      if (pool !== 'made' && (at + record) % table.values.length >= count) return [name, old]
      const candidates = [0, 1, 2].map((pick) => makeValue(pool, record, pick + record))
      return [name, candidates.find((value) => value !== old) ?? null]
    }),
  )
}

const aliveKeys = ({ live, tables }: Scene, position: number): readonly (readonly string[])[] =>
  [...(live[position]?.values() ?? [])].map((row) => keyIn(row, tables[position]?.identity ?? []) ?? [])

const insert = (table: Table, row: Row, withKey: boolean): string => insertSql(table, [cells(table, row, withKey)])

const hasDefault = ({ key }: Table): boolean => key === 'serial' || key === 'identity'

/** New rows that refer to a record. */
const adopt = (scene: Scene, parent: Table, key: readonly string[], count: number): readonly string[] => {
  const [first] = childrenOf(scene.tables, parent).filter(
    ({ child, reference }) => child.madeFor === null && !reference.isKey && child !== parent,
  )
  if (first === undefined) return []
  const { child, reference } = first
  return Array.from({ length: count }, (_, nth) => {
    const record = scene.record + 1 + nth
    const others = pickReferences(child, { value: 0, to: [record, record] }, (position) => aliveKeys(scene, position))
    if (others === undefined) return []
    const references = child.references.map((each, at) => (each === reference ? key : (others[at] ?? null)))
    const own = keyOf(child, record, references)
    return [insert(child, { key: own, references, values: makeValues(child, record, record) }, !hasDefault(child))]
  }).flat()
}

const arrive = (scene: Scene, table: Table, spec: Extract<DamageSpec, { op: 'arrive' }>): Act => {
  const references = pickReferences(table, spec.row, (position) => aliveKeys(scene, position))
  if (references === undefined) return { sql: [] }
  const gone = (scene.rows[table.position] ?? []).filter(({ key }) => !scene.live[table.position]?.has(pack(key)))
  const former = gone[spec.row.value % Math.max(1, gone.length)]
  const isOwnKey = table.references.every(({ isKey: isPart }) => !isPart)
  if (former === undefined || spec.key === 'next' || !isOwnKey) {
    const key = keyOf(table, scene.record, references)
    const made = makeValues(table, scene.record, spec.row.value)
    // A code that somebody has used anew since its record went.
    const isAgain = spec.differs !== 'all' && former?.values.code !== undefined
    const values = isAgain ? { ...made, code: former.values.code ?? null } : made
    // A link of the same ends is the same link, whenever it is made.
    const isSame = hasDefault(table) || ['parent', 'link', 'link id'].includes(table.key)
    const born = isSame ? [] : [{ position: table.position, key: pack(key) }]
    return { sql: [insert(table, { key, references, values }, !hasDefault(table))], born }
  }
  const values = strangerValues(table, former, scene.record, spec.differs)
  return {
    sql: [insert(table, { key: former.key, references, values }, true)],
    born: [{ position: table.position, key: pack(former.key) }],
  }
}

const replace = (scene: Scene, table: Table, spec: Extract<DamageSpec, { op: 'replace' }>): Act => {
  const rows = scene.rows[table.position] ?? []
  const row = rows[spec.row % Math.max(1, rows.length)]
  if (row === undefined) return { sql: [] }
  const removal = remove(scene, table, row.key)
  // What is made of its parents' keys alone is the same record whenever it is made again.
  if (table.identity.every((name) => table.references.some(({ columns }) => columns.includes(name)))) {
    return { sql: removal }
  }
  const values = strangerValues(table, row, scene.record, spec.differs)
  const references = row.references.map((key, at) => {
    const { to = -1, isNullable } = table.references[at] ?? {}
    const isGone =
      key === null || !scene.live[to]?.has(pack(key)) || (to === table.position && pack(key) === pack(row.key))
    return isGone && isNullable ? null : key
  })
  return {
    sql: [
      ...removal,
      insert(table, { key: row.key, references, values }, true),
      ...adopt(scene, table, row.key, spec.children),
    ],
    born: [{ position: table.position, key: pack(row.key) }],
  }
}

const edit = (scene: Scene, table: Table, spec: Extract<DamageSpec, { op: 'edit' }>): Act => {
  const keys = aliveKeys(scene, table.position)
  const key = keys[spec.row % Math.max(1, keys.length)]
  if (key === undefined || table.values.length === 0) return { sql: [] }
  const count = { one: 1, some: Math.ceil(table.values.length / 2), most: Math.max(1, table.values.length - 1) }
  const chosen = table.values.filter((_, at) => (at + spec.row) % table.values.length < count[spec.columns])
  const set = chosen.map(({ name, pool }) => `${name} = ${literal(makeValue(pool, scene.record, scene.record))}`)
  return { sql: [`update ${table.sql} set ${set.join(', ')} where ${isKey(table.identity, key)}`] }
}

const move = (scene: Scene, table: Table, spec: Extract<DamageSpec, { op: 'move' }>): Act => {
  const keys = aliveKeys(scene, table.position)
  const key = keys[spec.row % Math.max(1, keys.length)]
  const free = table.references.filter(({ isKey: isPart }) => !isPart)
  const reference = free[spec.to % Math.max(1, free.length)]
  if (key === undefined || reference === undefined) return { sql: [] }
  const parents = aliveKeys(scene, reference.to)
  const parent = parents[spec.to % Math.max(1, parents.length)]
  if (parent === undefined) return { sql: [] }
  const isEmptied = reference.isNullable && spec.to % 3 === 0
  const set = reference.columns.map(
    (name, at) => `${quote(name)} = ${isEmptied ? 'null' : literal(parent[at] ?? null)}`,
  )
  return { sql: [`update ${table.sql} set ${set.join(', ')} where ${isKey(table.identity, key)}`] }
}

const act = (scene: Scene, spec: DamageSpec): Act => {
  const own = scene.tables.filter(({ madeFor }) => madeFor === null)
  const table = own[spec.table % own.length]
  if (table === undefined) return { sql: [] }
  switch (spec.op) {
    case 'delete': {
      const rows = scene.rows[table.position] ?? []
      const keys = spec.rows.map((row) => rows[row % Math.max(1, rows.length)]?.key)
      return { sql: [...new Set(keys)].flatMap((key) => (key === undefined ? [] : remove(scene, table, key))) }
    }
    case 'replace':
      return replace(scene, table, spec)
    case 'edit':
      return edit(scene, table, spec)
    case 'arrive':
      return arrive(scene, table, spec)
    case 'move':
      return move(scene, table, spec)
  }
}

/** Does the damage. What live does not take is left out, as if it had not been tried. */
export const doDamage = async (
  client: pg.Client,
  tables: readonly Table[],
  rows: readonly (readonly Row[])[],
  { damage }: CaseSpec,
): Promise<Damage> => {
  const done: string[] = []
  const born = tables.map(() => new Set<string>())
  for (const [at, spec] of damage.entries()) {
    const live = await readSide(client, tables)
    const made = act({ tables, rows, live, record: 1000 + 10 * at }, spec)
    if (made.sql.length === 0) continue
    const text = `${made.sql.join('; ')};`
    try {
      await client.query(text)
    } catch {
      continue
    }
    done.push(text)
    for (const { position, key } of made.born ?? []) born[position]?.add(key)
  }
  return { sql: done, born }
}
