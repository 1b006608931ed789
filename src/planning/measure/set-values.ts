/** Values given by `--set`, asked of live before anything is planned with them: taken as they are, or refused. */
import { sql } from 'kysely'
import type { Catalog, Column, ForeignKey } from '../../catalog/catalog.ts'
import { columnOf } from '../../catalog/catalog.ts'
import type { SetValue } from '../../catalog/edits.ts'
import { isRounding } from '../../catalog/spelling.ts'
import { displayAlone, displayName } from '../../database/display.ts'
import { all, column, type Query, serverText } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { fromTable, typeOf } from '../../sql/rows.ts'

const nameOf = ({ table, column: name }: SetValue): string => `${table}.${displayName(name)}`

const refuse = (
  set: SetValue,
  why: string,
  { hint, error }: { readonly hint: string; readonly error?: RowgraftError },
): RowgraftError =>
  new RowgraftError('usage', `--set ${nameOf(set)}: ${why}`, {
    detail: error?.detail,
    hint,
    sqlstate: error?.sqlstate,
  })

/** The value as a column of live takes it: through the input of its type, as COPY would. Its checks are a domain's own. */
const taken = (value: string, { baseType, type }: Column): Query =>
  /^jsonb?$/.test(baseType)
    ? sql`(select ${value}::text::${serverText(baseType)}::${serverText(type)} as v) as x`
    : sql`pg_catalog.json_to_record(pg_catalog.json_build_object('v', ${value}::text)) as x(v ${serverText(type)})`

/** The server's own spelling of the value. Throws `usage` for one that the column does not take unchanged. */
const spell = async (live: Reader, target: Column, set: SetValue): Promise<string | null> => {
  if (set.value === null) {
    if (target.notNull) throw refuse(set, 'live has it NOT NULL', { hint: 'Give it a value.' })
    return null
  }
  const isSame = isRounding(target)
    ? sql`(x.v = ${set.value}::text::${serverText(target.baseType)})::text`
    : sql`'true'`
  try {
    const [row] = await live.rows(sql`
      select pg_catalog.format('%s', x.v), ${isSame}
      from ${taken(set.value, target)}`)
    const [text = null, same] = row ?? []
    if (same === 'true') return text
    throw refuse(set, `live's ${target.type} would round it to ${text}`, { hint: `Write ${text} if that is meant.` })
  } catch (error) {
    if (!(error instanceof RowgraftError) || !/^2[23]/.test(error.sqlstate ?? '')) throw error
    throw refuse(set, `live does not take the value: ${error.message}`, { hint: `Its type is ${target.type}.`, error })
  }
}

/** References that the values make must lead to a row that live has: such a parent is not brought along. */
const checkReference = async (
  live: Reader,
  catalog: Catalog,
  { key, given }: { readonly key: ForeignKey; readonly given: readonly SetValue[] },
): Promise<void> => {
  const own = key.columns.map((name) => given.find((set) => set.column === name))
  const [first] = own.filter((set) => set !== undefined)
  if (first === undefined || own.some((set) => set?.value === null)) return
  if (own.includes(undefined)) {
    const rest = key.columns.filter((_, position) => own[position] === undefined).map(displayAlone)
    throw refuse(first, `it refers to ${key.parent} together with ${rest.join(', ')}`, {
      hint: 'Set all of them, or none.',
    })
  }
  const parent = catalog.tables.find(({ id }) => id === key.parent)
  if (parent === undefined) return
  const isParent = key.parentColumns.map(
    (name, position) => sql`${column('p', name)} = ${own[position]?.value ?? null}::${typeOf(parent, name)}`,
  )
  const found = await live.rows(sql`select 1 from ${fromTable(parent)} as p where ${all(isParent)} limit 1`)
  if (found.length > 0) return
  const values = own.map((set) => set?.value).join(',')
  throw refuse(first, `live has no row ${values} of ${key.parent}`, {
    hint: 'Rows that --set refers to must be in live.',
  })
}

/** The values as live spells them. Throws `usage` for those it does not take, or that refer to nothing. */
export const readSetValues = async (
  live: Reader,
  catalog: Catalog,
  set: readonly SetValue[],
): Promise<readonly SetValue[]> => {
  const spelled: SetValue[] = []
  for (const one of set) {
    const table = catalog.tables.find(({ id }) => id === one.table)
    const target = table === undefined ? undefined : columnOf(table, one.column)
    if (target === undefined) throw new Error(`live has no ${nameOf(one)}`)
    spelled.push({ ...one, value: await spell(live, target, one) })
  }
  for (const [id, given] of Map.groupBy(spelled, ({ table }) => table)) {
    const table = catalog.tables.find((one) => one.id === id)
    for (const key of table?.foreignKeys ?? []) {
      await checkReference(live, catalog, { key, given })
    }
  }
  return spelled
}
