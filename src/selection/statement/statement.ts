/**
 * The statement you regret: a DELETE, UPDATE or TRUNCATE as PostgreSQL's own parser reads it, turned into the pieces of a query that
 * finds the rows it would have hit. The pieces are the user's own text, cut where the parse tree and the tokens say, with the time it
 * ran put in for now(). Nothing here asks a server.
 */
import type { DeleteStmt, Node, RangeVar, TruncateStmt, UpdateStmt } from 'libpg-query'
import { RowgraftError } from '../../errors.ts'
import { insideBrackets, sliceSql, splitAssignment, splitClauses, splitCommas, type TokenRange } from './clauses.ts'
import { parseSql, type Source } from './parser.ts'
import { type Findings, inspectTree, refuse } from './refusals.ts'

/** A table as the statement names it; names are unquoted. */
export interface Target {
  readonly schema: string | null
  readonly name: string
  readonly alias: string | null
  readonly isOnly: boolean
}

/** A column that an UPDATE sets, and the expression; null for DEFAULT. */
export interface Assignment {
  readonly column: string
  readonly value: string | null
}

/** Functions and operators that a piece of SQL calls. */
export type CalledNames = Pick<Findings, 'functions' | 'operators'>

export interface RowStatement {
  readonly action: 'delete' | 'update'
  readonly target: Target
  /** The WITH clause, that word included. */
  readonly with: string | null
  /** What stands behind USING or FROM. */
  readonly from: string | null
  readonly where: string | null
  /** Empty for a DELETE. */
  readonly sets: readonly Assignment[]
  readonly calls: CalledNames
}

export interface TruncateStatement {
  readonly action: 'truncate'
  readonly targets: readonly Target[]
  readonly isCascade: boolean
}

export type Statement = RowStatement | TruncateStatement

const zone = String.raw`(Z|[+-]\d{1,2}(:?\d{2})?|UTC|GMT|[A-Za-z]+(\/[A-Za-z_+-]+)+)`
const timeWithZone = new RegExp(String.raw`^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?\s*${zone}$`, 'i')

/** Checks `--statement-at`. Throws `usage` for a time without a zone: it would be another time in another place. */
const checkTime = (at: string | null): string | null => {
  if (at === null || timeWithZone.test(at.trim())) return at === null ? null : at.trim()
  throw new RowgraftError('usage', `--statement-at "${at}" is not a time with its zone`, {
    hint: 'Write it like "2025-11-17 14:03:00+00" or 2025-11-17T15:03+01:00.',
  })
}

const readTarget = (relation: RangeVar | undefined): Target => {
  if (relation?.catalogname !== undefined) {
    throw refuse('names a database before the schema', 'Write schema.table: the backup has a name of its own.')
  }
  return {
    schema: relation?.schemaname ?? null,
    name: relation?.relname ?? '',
    alias: relation?.alias?.aliasname ?? null,
    isOnly: relation?.inh !== true,
  }
}

interface SetColumn {
  readonly column: string
  readonly location: number
  readonly value: Node | undefined
}

const setColumns = (targets: readonly Node[]): readonly SetColumn[] =>
  targets.flatMap((target) => {
    if (!('ResTarget' in target)) return []
    const { name: column = '', location = 0, val: value, indirection } = target.ResTarget
    if (indirection !== undefined && indirection.length > 0) {
      throw refuse(
        `sets a part of column "${column}" (an element or a field)`,
        'Select its rows with --where, and put the column back with --columns.',
      )
    }
    return [{ column, location, value }]
  })

const unusable = (columns: readonly SetColumn[]): RowgraftError =>
  refuse(
    `sets (${columns.map(({ column }) => column).join(', ')}) in a way that cannot be taken apart`,
    'Write one "column = expression" for each of them.',
  )

const isDefault = (node: Node | undefined): boolean => node !== undefined && 'SetToDefault' in node

/** The text of a statement. */
interface Text {
  readonly source: Source
  /** The SQL of a range, with the time it ran put in. */
  readonly cut: (range: TokenRange) => string
}

/** `(a, b) = (x, y)` or `(a, b) = (select ...)`: an expression for each column. */
const splitRow = (columns: readonly SetColumn[], range: TokenRange, { source, cut }: Text): readonly Assignment[] => {
  const [first] = columns
  const row =
    first?.value !== undefined && 'MultiAssignRef' in first.value ? first.value.MultiAssignRef.source : undefined
  if (row !== undefined && 'SubLink' in row) {
    const names = columns.map((_, position) => `"${position + 1}"`).join(', ')
    return columns.map(({ column }, position) => ({
      column,
      value: `(select "rowgraft"."${position + 1}" from ${cut(range)} as "rowgraft"(${names}))`,
    }))
  }
  if (row === undefined || !('RowExpr' in row)) throw unusable(columns)
  const parts = splitCommas(source, insideBrackets(source, range))
  const nodes = row.RowExpr.args ?? []
  if (parts.length !== columns.length || nodes.length !== columns.length) throw unusable(columns)
  return columns.map(({ column }, position) => {
    const part = parts[position]
    return { column, value: part === undefined || isDefault(nodes[position]) ? null : cut(part) }
  })
}

const readSets = (columns: readonly SetColumn[], parts: readonly TokenRange[], text: Text): readonly Assignment[] => {
  const { source, cut } = text
  const sets: Assignment[] = []
  let position = 0
  for (const part of parts) {
    const [first] = columns.slice(position, position + 1)
    if (first === undefined) throw new Error('SET has more parts than columns')
    const width =
      first.value !== undefined && 'MultiAssignRef' in first.value ? (first.value.MultiAssignRef.ncolumns ?? 1) : null
    const [, value] = splitAssignment(source, part)
    if (width === null) sets.push({ column: first.column, value: isDefault(first.value) ? null : cut(value) })
    else sets.push(...splitRow(columns.slice(position, position + width), value, text))
    position += width ?? 1
  }
  if (position !== columns.length) throw new Error('SET has more columns than parts')
  return sets
}

const readRows = (
  action: 'delete' | 'update',
  statement: DeleteStmt & UpdateStmt,
  { source, at }: { readonly source: Source; readonly at: string | null },
): RowStatement => {
  const { returningClause: _, ...read } = statement
  const findings = inspectTree(read, source, at)
  const columns = setColumns(statement.targetList ?? [])
  const relation = statement.relation?.location ?? 0
  const clauses = splitClauses(source, { action, relation, set: columns[0]?.location ?? null })
  const cut = (range: TokenRange): string => sliceSql(source, range, findings.replacements)
  const cutOrNull = (range: TokenRange | null): string | null => (range === null ? null : cut(range))
  const others = action === 'delete' ? statement.usingClause : statement.fromClause
  // The tokens and the tree must agree on what there is.
  const agrees =
    (clauses.with !== null) === (statement.withClause !== undefined) &&
    (clauses.from !== null) === (others !== undefined) &&
    (clauses.where !== null) === (statement.whereClause !== undefined)
  if (!agrees) throw new Error('the clauses of the statement were not found where the parser sees them')
  return {
    action,
    target: readTarget(statement.relation),
    with: cutOrNull(clauses.with),
    from: cutOrNull(clauses.from),
    where: cutOrNull(clauses.where),
    sets: columns.length === 0 ? [] : readSets(columns, clauses.sets, { source, cut }),
    calls: findings,
  }
}

const readTruncate = ({ relations = [], behavior }: TruncateStmt): TruncateStatement => ({
  action: 'truncate',
  targets: relations.flatMap((relation) => ('RangeVar' in relation ? [readTarget(relation.RangeVar)] : [])),
  isCascade: behavior === 'DROP_CASCADE',
})

const otherKind = (node: Node): string => {
  const [kind = ''] = Object.keys(node)
  return kind
    .replace(/Stmt$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}

/** Reads the statement. Throws `bad-where` for what is not SQL, `usage` for what cannot be turned into a read. */
export const readStatement = async (text: string, at: string | null): Promise<Statement> => {
  const time = checkTime(at)
  const { source, statements } = await parseSql(text)
  const [statement, ...others] = statements
  if (statement === undefined) throw refuse('is empty', 'Give --statement one DELETE, UPDATE or TRUNCATE.')
  if (others.length > 0) {
    throw refuse(`is ${statements.length} statements`, 'Give one; take the others in plans of their own.')
  }
  if ('DeleteStmt' in statement) return readRows('delete', statement.DeleteStmt, { source, at: time })
  if ('UpdateStmt' in statement) return readRows('update', statement.UpdateStmt, { source, at: time })
  if ('TruncateStmt' in statement) return readTruncate(statement.TruncateStmt)
  throw refuse(
    `is no DELETE, UPDATE or TRUNCATE (${otherKind(statement)})`,
    'Give the statement that took rows away or overwrote them; --where selects by a condition.',
  )
}

/** A column default as the server prints it, read like an expression of the statement. */
export const readDefault = async (
  expression: string,
  at: string | null,
): Promise<{ readonly value: string; readonly calls: CalledNames }> => {
  const { source, statements } = await parseSql(`select (${expression}\n)`)
  const findings = inspectTree(statements[0], source, checkTime(at))
  const range = insideBrackets(source, { first: 1, end: source.tokens.length })
  return { value: sliceSql(source, range, findings.replacements), calls: findings }
}
