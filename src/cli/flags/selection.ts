/** From arguments and flags to the selection. */
import { readTextFile } from '../../documents/text-file.ts'
import { RowgraftError } from '../../errors.ts'
import {
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseTableName,
  parseUnder,
  type Selection,
} from '../../index.ts'
import type { Io } from '../io.ts'
import type { SelectionFlags } from './options.ts'

type Selector = Selection['selectors'][number]

const usage = (message: string, hint: string): RowgraftError => new RowgraftError('usage', message, { hint })

const waysToName = '<table> <key>..., --where, --all-missing, --incident, --under, --statement, --select or --keys-from'

const readKeys = async (file: string, io: Io): Promise<readonly Selector[]> => {
  if (file === '-') return parseKeyLines(await io.readStdin())
  // A pipe, too: what a shell puts for <(...).
  const text = await readTextFile(file, { pipes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new RowgraftError('bad-file', `cannot read the key file "${file}"`, {
      detail: error.message,
      hint: 'Give --keys-from a file that "rowgraft diff --rows --format ndjson" wrote, or - for standard input.',
      cause: error,
    })
  })
  return parseKeyLines(text, file)
}

const readStatement = async (flags: SelectionFlags, io: Io): Promise<readonly Selector[]> => {
  const { statement, statementAt } = flags
  if (statement === undefined) {
    if (statementAt === undefined) return []
    throw usage('--statement-at says when a statement ran, and there is none', 'Give it with --statement <sql>.')
  }
  if (statement === '-' && flags.keysFrom === '-') {
    throw usage('--statement and --keys-from cannot both be standard input', 'Give one of them as a file or as text.')
  }
  if (flags.columns !== undefined) {
    throw usage('--columns does not go with --statement', 'An UPDATE says by itself which columns it set.')
  }
  const text = statement === '-' ? await io.readStdin() : statement
  return [{ by: 'statement', statement: text.trim(), at: statementAt ?? null }]
}

const selectorsOfTable = (table: string, keys: readonly string[], flags: SelectionFlags): readonly Selector[] => {
  parseTableName(table)
  const ways = [keys.length > 0, flags.where !== undefined, flags.allMissing === true].filter(Boolean).length
  if (ways === 0) {
    throw usage(
      `no rows of "${table}" are named`,
      `Add keys (rowgraft plan ${table} 7), --where <sql>, or --all-missing for all that are missing.`,
    )
  }
  if (ways > 1) {
    throw usage(
      `keys, --where and --all-missing are different ways to name rows of "${table}"`,
      "Use one of them; several selections are written as --select '<table>:<key>' --select '<table>?<where>'.",
    )
  }
  if (flags.where !== undefined) return [{ by: 'where', table, where: flags.where }]
  return keys.length > 0 ? [{ by: 'keys', table, keys: keys.map(parseKey) }] : [{ by: 'all missing', table }]
}

/** Reads `[table] [key...]` and the selection flags. Throws `usage` where they name no rows, `bad-file` for the key file. */
export const readSelection = async (args: readonly string[], flags: SelectionFlags, io: Io): Promise<Selection> => {
  const [table, ...keys] = args
  if (table === undefined && flags.where !== undefined) {
    throw usage('--where needs a table', 'Write the table first: rowgraft plan photo --where "id > 7".')
  }
  const everything = flags.allMissing === true ? [{ by: 'all missing', table: null } as const] : []
  const selectors = mergeSelectors([
    ...(table === undefined ? everything : selectorsOfTable(table, keys, flags)),
    ...(flags.select ?? []).map(parseSelect),
    ...(flags.under ?? []).map(parseUnder),
    ...(flags.incident ?? []).map((id) => ({ by: 'incident', id }) as const),
    ...(await readStatement(flags, io)),
    ...(flags.keysFrom === undefined ? [] : await readKeys(flags.keysFrom, io)),
  ])
  if (selectors.length === 0) {
    throw flags.keysFrom === undefined
      ? usage('no rows are named', `Name them by ${waysToName}.`)
      : usage('the key file names no rows', 'Each line is {"table":"public.photo","key":{"id":"7"}}.')
  }
  const columns = flags.columns === undefined ? null : parseKey(flags.columns).map((name) => name.trim())
  if (columns?.some((name) => name === '')) {
    throw usage(`--columns "${flags.columns}" names no column`, 'Write --columns title,caption.')
  }
  return { selectors, columns }
}
