/** Runs the statement as a read on the backup: which rows it would have hit, and what an UPDATE would have put into them. */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { arrayText, column, identifier, list, type Query, serverText, tableReference } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { packKey } from '../../keys/key.ts'
import type { Sides } from '../../rows/sides.ts'
import { refuse } from './refusals.ts'
import { type Assignment, type CalledNames, type RowStatement, readDefault, type Target } from './statement.ts'
import type { ReachedTable } from './targets.ts'

/** Values of the set columns, in the order of SET, as the backup's server spells them. */
export type SetValues = readonly (string | null)[]

/** Per hit row, by packed key, what an UPDATE would have put there: several where its FROM finds several. */
export type Hits = ReadonlyMap<string, readonly SetValues[]>

/** An assignment with its expression, whatever it was. */
export interface ReadAssignment {
  readonly column: string
  readonly type: string
  readonly value: string
}

const volatileHint =
  'What it gives now is not what it gave then. Write the values it gave, or select the rows by key or with --where.'

/** Refuses calls of functions the backup knows as volatile; to be called with the user's search_path. */
export const refuseVolatile = async (backup: Reader, { functions, operators }: CalledNames): Promise<void> => {
  // p: function, o: operator, n: namespace. Which overload is meant only the server knows: any that fits the call counts.
  const rows = await backup.rows(sql`
    select p.proname::text || '()'
    from unnest(
      ${arrayText(functions.map(({ schema }) => schema))}::text[],
      ${arrayText(functions.map(({ name }) => name))}::text[],
      ${arrayText(functions.map((called) => String(called.arguments)))}::int[]
    ) as f(schema, name, arguments)
    join pg_catalog.pg_proc as p on p.proname = f.name
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where p.provolatile = 'v'
      and case when f.schema is null then pg_catalog.pg_function_is_visible(p.oid) else n.nspname = f.schema end
      and f.arguments >= p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::int
      and (f.arguments <= p.pronargs or p.provariadic <> 0)
    union all
    select 'the operator ' || o.oprname::text
    from unnest(${arrayText(operators)}::text[]) as f(name)
    join pg_catalog.pg_operator as o on o.oprname = f.name and pg_catalog.pg_operator_is_visible(o.oid)
    join pg_catalog.pg_proc as p on p.oid = o.oprcode
    where p.provolatile = 'v'
    limit 1`)
  const [found] = rows
  if (found !== undefined) throw refuse(`calls ${found[0]}, which is volatile`, volatileHint)
}

const byHand = 'Select the rows by key or with --where, and put columns back with --columns.'

/** What an UPDATE sets, and when it ran. */
interface TimedSets {
  readonly sets: readonly Assignment[]
  readonly at: string | null
}

/** Checks the columns an UPDATE sets, and gives a DEFAULT its expression. Throws `usage` for columns that cannot be put back. */
export const readAssignments = async (
  sides: Sides,
  table: SharedTable,
  { sets, at }: TimedSets,
): Promise<readonly ReadAssignment[]> => {
  const assignments: ReadAssignment[] = []
  for (const { column: name, value } of sets) {
    const shared = table.columns.find((known) => known.name === name)
    if (shared === undefined) {
      throw new RowgraftError('unknown-column', `table "${table.id}" has no column "${name}" that both sides store`, {
        hint: `Its columns are ${table.columns.map((known) => known.name).join(', ')}.`,
      })
    }
    if (table.identity.includes(name) || table.primaryKey.includes(name)) {
      throw refuse(`sets "${name}", which is part of the key of "${table.id}": its rows cannot be found again`, byHand)
    }
    const type = columnOf(table.backup, name)?.type ?? 'text'
    if (value !== null) {
      assignments.push({ column: name, type, value })
      continue
    }
    const { default: expression, identity, isDomain } = shared.live
    if (identity !== null || (expression === null && isDomain)) {
      throw refuse(`sets "${name}" to a default that cannot be told afterwards`, byHand)
    }
    const read = await readDefault(expression ?? 'null', at)
    await refuseVolatile(sides.backup, read.calls)
    assignments.push({ column: name, type, value: read.value })
  }
  return assignments
}

const lineBreak = sql.raw('\n')

/** How the statement's own text calls the rows of its target. */
const referenceOf = (
  target: Target,
  { relation, isNamed }: ReachedTable,
): readonly [alias: Query, of: (name: string) => Query] => {
  // Without an alias both photo.id and public.photo.id are right: so must it be here.
  const alias = target.alias ?? (isNamed ? null : target.name)
  if (alias !== null) return [sql` as ${identifier(alias)}`, (name) => column(alias, name)]
  return [sql``, (name) => sql.id(relation.schema, relation.name, name)]
}

/** The query that a DELETE or UPDATE is, for one of the tables it reaches. */
const hitQuery = (statement: RowStatement, reached: ReachedTable, assignments: readonly ReadAssignment[]): Query => {
  const [alias, own] = referenceOf(statement.target, reached)
  const text = sql.raw('pg_catalog.text')
  const values = assignments.map(
    ({ value, type }) => sql`cast(cast((${serverText(value)}${lineBreak}) as ${serverText(type)}) as ${text})`,
  )
  const keys = reached.table.identity.map((name) => sql`cast(${own(name)} as ${text})`)
  const optional = (before: Query, part: string | null, after: Query): Query =>
    part === null ? sql`` : sql`${before}${serverText(part)}${lineBreak}${after}`
  return sql`
    ${optional(sql``, statement.with, sql``)}
    select ${list([...keys, ...values])}
    from ${reached.isPartitioned ? sql`` : sql`only `}${tableReference(reached.relation)}${alias}
    ${optional(sql`, `, statement.from, sql``)}
    ${optional(sql`where (`, statement.where, sql`)`)}`
}

const evaluationError = (error: unknown): unknown => {
  const isAnswer = error instanceof RowgraftError && error.sqlstate !== undefined
  if (!isAnswer || /^(08|57)/.test(error.sqlstate ?? '')) return error
  return new RowgraftError('bad-where', `the backup cannot evaluate the statement: ${error.message}`, {
    detail: error.detail,
    hint: 'It is read with the tables and the search_path of the backup: correct its names there, or use --where.',
    sqlstate: error.sqlstate,
  })
}

/** What a statement does in one of the tables it reaches. */
interface ReachedSets {
  readonly reached: ReachedTable
  readonly assignments: readonly ReadAssignment[]
}

/** Reads the rows hit in one table; to be called with the user's search_path. Throws `bad-where`. */
export const readHits = async (
  sides: Sides,
  statement: RowStatement,
  { reached, assignments }: ReachedSets,
): Promise<Hits> => {
  const width = reached.table.identity.length
  const hits = new Map<string, SetValues[]>()
  sides.onStage({ stage: 'select', table: reached.table.id })
  try {
    for await (const rows of sides.backup.batches(hitQuery(statement, reached, assignments), 10_000)) {
      for (const row of rows) {
        const key = packKey(row.slice(0, width))
        const values = row.slice(width)
        const known = hits.get(key)
        if (known === undefined) hits.set(key, [values])
        else if (!known.some((other) => other.every((value, position) => value === values[position])))
          known.push(values)
      }
      sides.onStage({ stage: 'select', table: reached.table.id, done: hits.size })
    }
  } catch (error) {
    throw evaluationError(error)
  }
  return hits
}
