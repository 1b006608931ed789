/** Files that restored rows point to, and that do not exist: a database brings back names, never what they name. */
import { columnOf } from '../../catalog/catalog.ts'
import { findTable, type SharedTable } from '../../catalog/shared.ts'
import type { Config } from '../../config/config.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { readBackupValues } from '../../rows/values.ts'
import type { CheckFile, FileState } from './check-file.ts'
import { openStore } from './store.ts'

type MissingFiles = Plan['missingFiles'][number]

/** Files asked for at once. */
const atOnce = 16

/** At most so many rows of one column are looked at. */
const most = 10_000

const parseColumn = (typed: string, sides: Sides): { readonly table: SharedTable; readonly column: string } => {
  const at = typed.lastIndexOf('.')
  const column = typed.slice(at + 1)
  if (at > 0) {
    const table = findTable(sides.catalog, typed.slice(0, at))
    if (columnOf(table.live, column) !== undefined) return { table, column }
  }
  throw new RowgraftError('unknown-column', `"files" of the config file names "${typed}", which is no column`, {
    hint: 'Write <table>.<column>, for example photo.path.',
  })
}

/** The state of every name, several at once. */
const checkAll = async (names: readonly string[], check: CheckFile): Promise<ReadonlyMap<string, FileState>> => {
  const states = new Map<string, FileState>()
  const waiting = [...new Set(names)]
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) states.set(name, await check(name))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return states
}

/** Backup keys of the rows into which the steps write the column. */
const writtenKeys = (steps: readonly Step[], table: string, column: string): readonly string[] =>
  steps.filter((step) => step.table === table && step.columns.includes(column)).flatMap(({ keys }) => keysOf(keys))

/** Where files are looked for. */
interface Search {
  /** The store of each column that names files. */
  readonly files: Config['files'] | undefined
  readonly signal: AbortSignal | undefined
}

/** Looks for the files of the columns that the config file names, in the rows that the steps write. */
export const findMissingFiles = async (
  sides: Sides,
  steps: readonly Step[],
  { files = {}, signal }: Search,
): Promise<readonly MissingFiles[]> => {
  const found: MissingFiles[] = []
  for (const [typed, store] of Object.entries(files)) {
    const { table, column } = parseColumn(typed, sides)
    const check = await openStore(store, typed, signal)
    const keys = writtenKeys(steps, table.id, column)
    sides.onStage({ stage: 'files', table: table.id, total: Math.min(most, keys.length) })
    const values = await readBackupValues(sides, tableOf(sides.catalog, table.id), {
      keys: keys.slice(0, most),
      columns: [column],
    })
    const named = [...values].flatMap(([key, [name]]) => (name ? [{ key, name }] : []))
    const states = await checkAll(
      named.map(({ name }) => name),
      check,
    )
    const missing = named.filter(({ name }) => states.get(name) === 'missing')
    const unknown = named.filter(({ name }) => states.get(name) === 'unknown').length
    const unchecked = unknown + Math.max(0, keys.length - most)
    if (missing.length + unchecked === 0) continue
    found.push({ table: table.id, column, keys: missing.map(({ key }) => displayKey(key)), unchecked })
  }
  return found
}
