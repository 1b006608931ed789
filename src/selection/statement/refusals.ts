/** What a statement must not have in it, because read later and elsewhere it would mean something else; and what stands for its time. */
import { RowgraftError } from '../../errors.ts'
import { type Replacement, tokenAt } from './clauses.ts'
import type { Source } from './parser.ts'

/** A function that is called, as it is written. */
export interface CalledFunction {
  readonly schema: string | null
  readonly name: string
  readonly arguments: number
}

/** What a tree was found to hold. */
export interface Findings {
  readonly functions: readonly CalledFunction[]
  /** Names of operators. */
  readonly operators: readonly string[]
  /** The times in it, as literals. */
  readonly replacements: readonly Replacement[]
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** Calls `visit` for every node of a parse tree, a node before what is in it. Nodes are `{ Kind: fields }`. */
const walk = (tree: unknown, visit: (kind: string, fields: Fields) => void): void => {
  // A list of its own: trees of long expressions are deeper than the stack.
  const open: unknown[] = [tree]
  while (open.length > 0) {
    const value = open.pop()
    if (!isFields(value)) continue
    const parts = Object.entries(value)
    for (const [name, part] of parts) if (/^[A-Z]/.test(name) && isFields(part)) visit(name, part)
    for (const [, part] of parts.reverse()) open.push(part)
  }
}

/** The names in a list of `{ String: { sval } }`. */
export const namesIn = (list: unknown): readonly string[] =>
  (Array.isArray(list) ? list : []).flatMap((part: unknown) =>
    isFields(part) && isFields(part.String) && typeof part.String.sval === 'string' ? [part.String.sval] : [],
  )

/** Refuses a statement: what is in the way, and what to do. */
export const refuse = (what: string, hint: string, asksFor?: RowgraftError['asksFor']): RowgraftError =>
  new RowgraftError('usage', `the statement ${what}`, { hint, asksFor })

const refusedKinds: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  InsertStmt: ['inserts rows in a WITH query', 'Give the DELETE or UPDATE alone: a WITH query in it may only read.'],
  UpdateStmt: ['updates rows in a WITH query', 'Give that UPDATE as a statement of its own.'],
  DeleteStmt: ['deletes rows in a WITH query', 'Give that DELETE as a statement of its own.'],
  MergeStmt: ['merges rows in a WITH query', 'Give the DELETE or UPDATE alone: a WITH query in it may only read.'],
  IntoClause: ['creates a table (INTO)', 'Take the INTO out.'],
  LockingClause: [
    'locks rows (FOR UPDATE or FOR SHARE), which a read of the backup cannot',
    'Take that clause out: it does not change which rows are meant.',
  ],
  ParamRef: ['has parameters ($1)', 'Put the values it ran with in their place.'],
  CurrentOfExpr: ['follows a cursor (WHERE CURRENT OF)', 'Select the rows by key or with --where.'],
  RangeTableSample: ['takes a random sample (TABLESAMPLE)', 'Select the rows by key or with --where.'],
}

const physical = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'])

const ofSession = new Set([
  'current_setting',
  'current_database',
  'current_query',
  'pg_backend_pid',
  'pg_current_xact_id',
  'pg_current_xact_id_if_assigned',
  'txid_current_if_assigned',
  'inet_client_addr',
  'inet_client_port',
  'inet_server_addr',
  'inet_server_port',
])

const timeFunctions = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])

const timeValues: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIME: 'timetz',
  SVFOP_CURRENT_TIME_N: 'timetz',
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_LOCALTIME: 'time',
  SVFOP_LOCALTIME_N: 'time',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
}

const relativeTime = /^\s*(now|today|tomorrow|yesterday)(\s+(\d|allballs).*)?\s*$/i
const timeTypes = new Set(['date', 'timestamp', 'timestamptz'])

const needsTime = (what: string): RowgraftError =>
  refuse(
    `asks for the time (${what}), and when it ran is not known`,
    'Say when it ran: --statement-at "2025-11-17 14:03:00+00".',
    'statement time',
  )

const relativeLiteral = (text: string): RowgraftError =>
  refuse(`has the relative time '${text}' in it`, "Write the time it meant, or '...'::text where it is only a word.")

/** A call that asks for the time. */
interface TimeCall {
  /** The call as a user knows it. */
  readonly what: string
  readonly type: string
  /** The token it ends in; null for a call that is one token. */
  readonly last: string | null
}

/** Collects while a tree is walked; throws at the first thing that cannot be read on the backup. */
class Finder {
  readonly functions: CalledFunction[] = []
  readonly operators = new Set<string>()
  readonly replacements = new Map<number, Replacement>()
  readonly #source: Source
  readonly #at: string | null
  readonly #words = new Set<unknown>()

  constructor(source: Source, at: string | null) {
    this.#source = source
    this.#at = at
  }

  readonly visit = (kind: string, fields: Fields): void => {
    const refused = refusedKinds[kind]
    if (refused !== undefined) throw refuse(...refused)
    if (fields.intoClause !== undefined) throw refuse(...(refusedKinds.IntoClause ?? ['writes', '']))
    if (kind === 'ColumnRef') this.#column(namesIn(fields.fields))
    else if (kind === 'FuncCall') this.#function(fields)
    else if (kind === 'SQLValueFunction') this.#value(fields)
    else if (kind === 'A_Expr') for (const name of namesIn(fields.name).slice(-1)) this.operators.add(name)
    else if (kind === 'TypeCast') this.#cast(fields)
    else if (kind === 'A_Const') this.#literal(fields)
  }

  #column(names: readonly string[]): void {
    const name = names.at(-1) ?? ''
    if (!physical.has(name)) return
    throw refuse(
      `asks where a row lies (${name}), which is another place in the backup`,
      'Select the rows by key or with --where.',
    )
  }

  #function(fields: Fields): void {
    const names = namesIn(fields.funcname)
    const name = names.at(-1) ?? ''
    const schema = names.at(-2) ?? null
    const count = Array.isArray(fields.args) ? fields.args.length : 0
    const isBuiltIn = schema === null || schema === 'pg_catalog'
    if (isBuiltIn && ofSession.has(name)) throw this.#sessionValue(`${name}()`)
    if (isBuiltIn && count === 0 && timeFunctions.has(name)) {
      this.#replace(fields.location, { what: `${name}()`, type: 'timestamptz', last: ')' })
    } else if (isBuiltIn && name === 'age' && count === 1) {
      throw refuse('calls age() with one value, which asks for the time', 'Write the other: age(<time>, <value>).')
    } else this.functions.push({ schema, name, arguments: count })
  }

  #value(fields: Fields): void {
    const op = String(fields.op)
    const type = timeValues[op]
    const name = op.replace(/^SVFOP_|_N$/g, '').toLowerCase()
    if (type === undefined) throw this.#sessionValue(name)
    const digits = op.endsWith('_N') ? `(${String(fields.typmod ?? 0)})` : ''
    this.#replace(fields.location, { what: name, type: `${type}${digits}`, last: digits === '' ? null : ')' })
  }

  #sessionValue(what: string): RowgraftError {
    return refuse(`asks for ${what}, which depends on the session it ran in`, 'Write the value it had there.')
  }

  /** Puts the time it ran in the place of a call. */
  #replace(location: unknown, { what, type, last }: TimeCall): void {
    if (this.#at === null) throw needsTime(what)
    // The parser leaves out what is zero.
    const first = tokenAt(this.#source, typeof location === 'number' ? location : 0)
    const end =
      last === null ? first : this.#source.tokens.findIndex(({ text }, index) => index > first && text === last)
    const [from, to] = [this.#source.tokens[first], this.#source.tokens[end]]
    if (from === undefined || to === undefined) throw new Error(`the parser misplaced ${what}`)
    const sql = `cast(cast('${this.#at}' as pg_catalog.timestamptz) as pg_catalog.${type})`
    this.replacements.set(from.start, { start: from.start, end: to.end, sql })
  }

  #cast({ arg, typeName }: Fields): void {
    const constant = isFields(arg) ? arg.A_Const : undefined
    const type = isFields(typeName) ? namesIn(typeName.names).at(-1) : undefined
    if (!timeTypes.has(type ?? '')) this.#words.add(constant)
  }

  #literal(fields: Fields): void {
    const text = isFields(fields.sval) ? fields.sval.sval : undefined
    if (typeof text !== 'string' || this.#words.has(fields) || !relativeTime.test(text)) return
    throw relativeLiteral(text.trim())
  }
}

/** Looks through a tree. Throws `usage` for what cannot be read on the backup, and where the time it ran is needed and not given. */
export const inspectTree = (tree: unknown, source: Source, at: string | null): Findings => {
  const finder = new Finder(source, at)
  walk(tree, finder.visit)
  return {
    functions: finder.functions,
    operators: [...finder.operators],
    replacements: [...finder.replacements.values()],
  }
}
