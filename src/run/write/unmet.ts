/**
 * What functions of live's look for while rows are written, and do not find: names that are not on the search_path, and settings that
 * nobody has made. Live itself is asked, on another connection, where such a name is, and which settings a function reads.
 */
import { sql } from 'kysely'
import { displayAlone, shellWord } from '../../database/display.ts'
import { arrayText, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import type { PlanOptions } from '../../plan/options.ts'
import type { Layout } from '../stage/staged.ts'
import { hintForRaised, isOfFunction, otherWays } from './refused-rows.ts'

/** How the connection to live was made. */
export interface Connected {
  /** As a fresh connection has it. */
  readonly searchPath: string
  /** Command line options for the server that it was given. */
  readonly options: string | undefined
  /** Settings that every transaction makes. */
  readonly settings: PlanOptions['settings']
}

/** The server's own message: it tells names nowhere else. */
const saidBy = ({ cause, message }: RowgraftError): string => (cause instanceof Error ? cause.message : message)

/** Where the names of a kind are kept, by the SQLSTATE that says that there is none. */
const kept: Readonly<Record<string, Query>> = {
  '42P01': sql`select relnamespace from pg_catalog.pg_class where relname`,
  '42883': sql`select pronamespace from pg_catalog.pg_proc where proname`,
  '42704': sql`select typnamespace from pg_catalog.pg_type where typname`,
}

const quoted = /["„“«»]\s?([^"„“”«»]+?)\s?["“”«»]/u
const called = /([\p{L}_][\p{L}\p{N}_$]*)\(/u

/** Schemas that have what was looked for, those of the plan's own tables alone where it is in one of them. */
const schemasWith = async (writer: Writer, layout: Layout, error: RowgraftError): Promise<readonly string[]> => {
  const { sqlstate = '' } = error
  const name = (sqlstate === '42883' ? called : quoted).exec(saidBy(error))?.[1]
  const places = kept[sqlstate]
  if (name === undefined || places === undefined) return []
  const own = [...layout.tables.values()].map(({ table }) => table.live.schema)
  const found = await writer.outside((reader) =>
    reader.rows(sql`
      select n.nspname
      from pg_catalog.pg_namespace n
      where n.oid in (${places} = ${name}) and n.nspname !~ '^pg_'
      order by n.nspname`),
  )
  const schemas = (found ?? []).map(([schema]) => schema ?? '')
  const near = schemas.filter((schema) => own.includes(schema))
  return near.length > 0 ? near : schemas
}

/** A path as the server's command line options take it: spaces and backslashes behind a backslash. */
const escaped = (path: string): string => path.replace(/[\s\\]/g, '\\$&')

const splitPath = (path: string): readonly string[] =>
  path.match(/(?:"(?:[^"]|"")*"|[^",\s])+/g)?.filter((part) => part !== '') ?? []

const pathHint = (schemas: readonly string[], { searchPath, options }: Connected): string => {
  const path = escaped([...schemas.map(displayAlone), ...splitPath(searchPath)].join(','))
  const where = `It is in ${schemas.map(displayAlone).join(' and ')}, which is not on the search_path of this connection`
  const given = shellWord(`-c search_path=${path}`)
  return options === undefined
    ? `${where}: run the same command again with PGOPTIONS=${given} before it.`
    : `${where}: add ${given} to the options of the connection (options= in its address, or PGOPTIONS).`
}

/** Settings read by the functions that were at work, and by those that they call, which nobody has made. */
const unmadeSettings = async (
  writer: Writer,
  { context = '' }: RowgraftError,
  { settings }: Connected,
): Promise<readonly string[]> => {
  const source = sql`coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)`
  const isPlain = sql`p.prolang <> 12 and p.proname ~ '^\\w+$'` // 12: internal
  const found = await writer.outside((reader) =>
    reader.rows(sql`
      with recursive called as (
        select p.oid, ${source} as source
        from pg_catalog.pg_proc p
        where ${isPlain} and ${context} ~ ('\\m' || p.proname || '["(]')
        union
        select p.oid, ${source}
        from called
        join pg_catalog.pg_proc p on ${isPlain} and called.source ~* ('\\m' || p.proname || '\\s*\\(')
      )
      select distinct name.of[1]
      from called
      cross join pg_catalog.regexp_matches(called.source, 'current_setting\\s*\\(\\s*''([^'']+\\.[^'']+)''', 'gi') as name(of)
      where coalesce(pg_catalog.current_setting(name.of[1], true), '') = '' and name.of[1] <> all (${arrayText(Object.keys(settings))}::text[])
      order by 1`),
  )
  return (found ?? []).map(([name]) => name ?? '')
}

const settingsHint = (names: readonly string[], layout: Layout): string => {
  const flags = names.map((name) => `--setting ${shellWord(name)}=<value>`).join(' ')
  const what = names.length === 1 ? `the setting ${names[0]}, which is` : `the settings ${names.join(', ')}, which are`
  return `What raised this reads ${what} not set: add ${flags}; or ${otherWays(layout)}.`
}

/** Its words for a setting that there is not differ from language to language; this is the function that says them. */
const isSetting = ({ sqlstate, routine }: RowgraftError): boolean => sqlstate === '42704' && routine === 'find_option'

const adviceFor = async (
  writer: Writer,
  error: RowgraftError,
  { layout, connected }: { readonly layout: Layout; readonly connected: Connected },
): Promise<string | undefined> => {
  if (isSetting(error)) {
    const [name] = /[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)+/u.exec(saidBy(error)) ?? []
    return name === undefined ? undefined : settingsHint([name], layout)
  }
  if (kept[error.sqlstate ?? ''] !== undefined) {
    const schemas = await schemasWith(writer, layout, error)
    const path = splitPath(connected.searchPath)
    const missing = schemas.filter((schema) => !path.includes(displayAlone(schema)))
    return missing.length === 0 ? undefined : pathHint(missing, connected)
  }
  const names = await unmadeSettings(writer, error, connected)
  return names.length === 0 ? undefined : settingsHint(names, layout)
}

/** An error that a function of live's raised, with what helps where it did not find something. Any other passes through. */
export const explainUnmet = async (
  writer: Writer,
  error: unknown,
  at: { readonly layout: Layout; readonly connected: Connected },
): Promise<unknown> => {
  if (!(error instanceof RowgraftError) || error.code !== 'server-error' || !isOfFunction(error)) return error
  const advice = (await adviceFor(writer, error, at)) ?? error.advice ?? hintForRaised(at.layout)
  const { detail, sqlstate, table, context, cause } = error
  return new RowgraftError(error.code, error.message, { detail, advice, sqlstate, table, context, cause })
}
