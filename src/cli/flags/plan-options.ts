/** From flags to the options of a plan: tables are typed as psql takes them, and become ids. */
import { RowgraftError } from '../../errors.ts'
import { formatTable } from '../../format/names.ts'
import {
  displayKey,
  type PlanOptions,
  parseTableName,
  parseUnder,
  type TableOverview,
  tableNamed,
} from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import type { PlanFlags } from './options.ts'
import { parseMapEnum, parseSet, splitColumn } from './values.ts'

type Tables = readonly Pick<TableOverview, 'table'>[]

const unknown = (typed: string, tables: Tables): RowgraftError => {
  const known = tables.map(({ table }) => formatTable(table))
  const some = known.length > 12 ? 'Run "rowgraft tables" to see the tables.' : `The tables are ${known.join(', ')}.`
  return new RowgraftError('unknown-table', `there is no table "${typed}"`, { hint: some })
}

/** The id of a table as typed: `photo` is `public.photo`. Throws `unknown-table`. */
export const resolveTable = (typed: string, tables: Tables): string => {
  const named = tables.map(({ table }) => ({ schema: '', ...parseTableName(table), table }))
  const found = tableNamed(named, typed)
  if (found === undefined) throw unknown(typed, tables)
  return found.table
}

/** `gallery.updated_at` as `public.gallery.updated_at`. */
const resolveColumn = (typed: string, flag: string, tables: Tables): string => {
  const { table, column } = splitColumn(typed, flag)
  return `${resolveTable(table, tables)}.${column}`
}

/** True where flags name tables, so that the tables must be known first. */
const namesTables = (flags: PlanFlags): boolean =>
  [flags.without, flags.onConflict, flags.acceptTrigger, flags.acceptRounding].some((given) => given !== undefined)

/** Whether triggers fire: `--bulk` is another word for `--triggers off`. Throws `usage` where both are said. */
export const triggersOf = ({
  triggers,
  bulk,
}: Pick<PlanFlags, 'triggers' | 'bulk'>): Pick<Partial<PlanOptions>, 'triggers'> => {
  if (bulk !== true) return triggers === undefined ? {} : { triggers }
  if (triggers === 'fire') {
    throw new RowgraftError('usage', '--bulk writes without triggers: it does not go with --triggers fire', {
      hint: 'Leave one of the two out.',
    })
  }
  return { triggers: 'off' }
}

/** Values that are given: the engine knows their tables. */
export const readEdits = ({ set, mapEnum }: PlanFlags): Partial<Pick<PlanOptions, 'set' | 'mapEnum'>> => ({
  ...(set === undefined ? {} : { set: set.map(parseSet) }),
  ...(mapEnum === undefined ? {} : { mapEnum: mapEnum.map(parseMapEnum) }),
})

/** `photo` as `public.photo`, one row of it as `public.photo:7`. */
const resolveRows = (typed: string, tables: Tables): string => {
  if (!/^(?:"(?:[^"]|"")*"|[^":])+:/.test(typed)) return resolveTable(typed, tables)
  const row = parseUnder(typed)
  if (row.by !== 'under') throw new Error(`${typed} is no row`)
  return `${resolveTable(row.table, tables)}:${row.keys.map((key) => displayKey(packKey(key))).join()}`
}

/** The options that were given; the others are for the engine to fill in. */
export const readPlanOptions = async (
  flags: PlanFlags,
  readTables: () => Promise<Tables>,
): Promise<Partial<PlanOptions>> => {
  const tables = namesTables(flags) ? await readTables() : []
  const { parents, children, links, relink, keys } = flags
  const onConflict = (flags.onConflict ?? []).map(
    ({ rows, answer }) => [rows === null ? '*' : resolveRows(rows, tables), answer] as const,
  )
  return {
    ...(parents === undefined ? {} : { parents }),
    ...(children === undefined ? {} : { children }),
    ...(links === undefined ? {} : { links }),
    ...(relink === undefined ? {} : { relink }),
    ...(keys === undefined ? {} : { keys }),
    ...triggersOf(flags),
    ...(flags.again === true ? { again: true } : {}),
    ...(flags.without === undefined ? {} : { without: flags.without.map((table) => resolveTable(table, tables)) }),
    ...(onConflict.length === 0 ? {} : { onConflict: Object.fromEntries(onConflict) }),
    ...readEdits(flags),
    ...(flags.acceptTrigger === undefined
      ? {}
      : { acceptTrigger: flags.acceptTrigger.map((column) => resolveColumn(column, '--accept-trigger', tables)) }),
    ...(flags.acceptRounding === undefined
      ? {}
      : { acceptRounding: flags.acceptRounding.map((column) => resolveColumn(column, '--accept-rounding', tables)) }),
  }
}
