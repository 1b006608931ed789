/** From selectors to rows: what each names in the backup, and which of those rows live lacks. */
import { sql } from 'kysely'
import { withoutEdits } from '../catalog/catalog.ts'
import { findTable, refuseTable, type SharedCatalog, type SharedTable } from '../catalog/shared.ts'
import { shellWord } from '../database/display.ts'
import { serverText } from '../database/names.ts'
import { RowgraftError } from '../errors.ts'
import { displayKey, packKey } from '../keys/key.ts'
import { KeySequence } from '../keys/key-index.ts'
import { tellBatches } from '../progress/progress.ts'
import type { Sides } from '../rows/sides.ts'
import { nothingDecided, StateCache } from '../rows/state-cache.ts'
import { type RowState, readStates } from '../rows/states.ts'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../sql/rows.ts'
import { readMissingKeys, readUntouched, wantedTables } from './all-missing.ts'
import { checkColumns } from './columns.ts'
import { coverKeys } from './coverage.ts'
import { type Resolved, SelectedRows } from './resolved.ts'
import { type DirectSelection, type DirectSelector, fitKey, orderKey } from './selection.ts'
import type { Repair } from './statement/damage.ts'
import { resolveStatement, resolveUpdate, type StatementRows } from './statement/resolve-statement.ts'

/** A table by the name typed; refuses one that cannot be restored. */
export const restorableTable = (catalog: SharedCatalog, typed: string): SharedTable => {
  const table = findTable(catalog, typed)
  if (table.refusal !== null) throw refuseTable(table)
  return table
}

/** The keys given as the backup spells them (`07` is `7`), and those it lacks. Throws `bad-key` for values of the wrong type. */
const findInBackup = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<{ readonly found: readonly string[]; readonly lacking: readonly string[] }> => {
  const found: string[] = []
  const lacking: string[] = []
  // Of keys as they are typed no range can be told: 1_000 is an integer too.
  const at = { stage: 'select', table: table.id, total: keys.length } as const
  for (const batch of tellBatches(sides.onStage, at, inBatches(keys))) {
    const rows = await sides.backup
      .rows(sql`
        select ${ordinal('k')}::text, ${asText('t', table.identity)}
        from ${keySource(table.backup, table.identity, batch)}
        join ${fromTable(table.backup)} as t on ${joinOn(table.identity, 't', 'k')}`)
      .catch((error: unknown) => {
        if (!(error instanceof RowgraftError) || !/^22/.test(error.sqlstate ?? '')) throw error
        throw new RowgraftError('bad-key', `a key of "${table.id}" is not valid: ${error.message}`, {
          hint: `The key of "${table.id}" is ${table.identity.join(',')}.`,
        })
      })
    const there = new Map(rows.map(([ord, ...key]) => [Number(ord), packKey(key)]))
    for (const [index, key] of batch.entries()) {
      const spelled = there.get(index + 1)
      if (spelled === undefined) lacking.push(key)
      else found.push(spelled)
    }
  }
  return { found, lacking }
}

/** Keys of the rows for which the user's condition holds in the backup. Throws `bad-where`. */
const findWhere = async (sides: Sides, table: SharedTable, where: string): Promise<KeySequence> => {
  // One parenthesised expression of one statement. The parameter makes it so: with one, the protocol takes no second statement, which
  // could end the read-only transaction. The newline ends a comment.
  const query = sql`
    select ${asText(table.name, table.identity)}
    from ${fromTable(withoutEdits(table.backup))} as ${sql.id(table.name)}
    where (${serverText(where)}
    ) and ${'one statement'}::text is not null`
  const index = sides.keys.of(table.id)
  sides.onStage({ stage: 'select', table: table.id })
  const keys = new KeySequence(index)
  try {
    await sides.withUserSearchPath(async () => {
      for await (const rows of sides.backup.batches(query, 10_000)) {
        for (const row of rows) keys.push(index.add(packKey(row)))
        sides.onStage({ stage: 'select', table: table.id, done: keys.length })
      }
    })
  } catch (error) {
    if (!(error instanceof RowgraftError) || error.sqlstate === undefined || /^(08|57)/.test(error.sqlstate))
      throw error
    throw new RowgraftError('bad-where', `the backup cannot evaluate --where: ${error.message}`, {
      detail: `where ${where}`,
      hint: `It is an SQL condition on the columns of "${table.id}", for example --where "id = 7". Write whole conditions: no ";".`,
      sqlstate: error.sqlstate,
    })
  }
  return keys
}

/** Resolves every selector against both snapshots. */
export const resolveSelection = async (sides: Sides, { selectors }: DirectSelection): Promise<Resolved> => {
  const selected = new SelectedRows(sides.keys)
  for (const selector of selectors) {
    switch (selector.by) {
      case 'statement':
        for (const rows of await resolveStatement(sides, selector)) addHit(selected, rows)
        break
      case 'overwritten':
        addHit(selected, await resolveUpdate(sides, selector, '--incident'))
        break
      case 'all missing':
        await addMissing(selected, sides, selector.table)
        break
      case 'where':
        await addWhere(selected, sides, selector)
        break
      case 'keys':
        await addKeys(selected, sides, selector)
        break
      case 'under':
        await addAnchors(selected, sides, selector)
        break
    }
  }
  return selected
}

type SelectorBy<By extends DirectSelector['by']> = Extract<DirectSelector, { readonly by: By }>

/** What a statement hit in one table. */
const addHit = (selected: SelectedRows, { table, lost, repairs, leftOut, coverage }: StatementRows): void => {
  selected.choose(table, lost)
  selected.repair(table, repairs)
  for (const row of leftOut) selected.leftOut.push(row)
  selected.coverage.push(coverage)
}

/** Everything that is missing: of one table, or of all that are wanted. */
const addMissing = async (selected: SelectedRows, sides: Sides, typed: string | null): Promise<void> => {
  const tables = typed === null ? wantedTables(sides.catalog) : [restorableTable(sides.catalog, typed)]
  for (const table of tables) {
    selected.choose(table, [])
    for await (const keys of readMissingKeys(sides, table)) {
      selected.choose(
        table,
        keys.map((key) => [key, { state: 'missing' }]),
      )
    }
  }
  if (typed === null) for (const rows of await readUntouched(sides)) selected.untouched.push(rows)
}

const addWhere = async (selected: SelectedRows, sides: Sides, selector: SelectorBy<'where'>): Promise<void> => {
  const table = restorableTable(sides.catalog, selector.table)
  const keys = await findWhere(sides, table, selector.where)
  selected.choose(table, [])
  const at = { stage: 'states', table: table.id, total: keys.length } as const
  for (const batch of tellBatches(sides.onStage, at, inBatches(keys))) {
    selected.choose(table, await readStates(sides, table, batch))
  }
}

/** The keys typed as the backup spells them, and their states; those that it lacks are noted. */
const readTyped = async (
  selected: SelectedRows,
  sides: Sides,
  selector: SelectorBy<'keys' | 'under'>,
): Promise<{
  readonly table: SharedTable
  readonly found: readonly string[]
  readonly states: ReadonlyMap<string, RowState>
  readonly lacking: readonly string[]
}> => {
  const table = restorableTable(sides.catalog, selector.table)
  const columns = selector.by === 'keys' ? selector.columns : undefined
  const typed = selector.keys.map((key) =>
    packKey(columns === undefined ? fitKey(key, key.join(','), table) : orderKey(key, columns, table)),
  )
  const { found, lacking } = await findInBackup(sides, table, [...new Set(typed)])
  for (const key of lacking) selected.notInBackup.push({ table: table.id, key: displayKey(key) })
  sides.onStage({ stage: 'states', table: table.id, total: found.length })
  return { table, found, states: await readStates(sides, table, found), lacking }
}

const addKeys = async (selected: SelectedRows, sides: Sides, selector: SelectorBy<'keys'>): Promise<void> => {
  const { table, states, lacking } = await readTyped(selected, sides, selector)
  const { only } = selector
  if (only !== undefined) checkColumns(table, only)
  const [kept, narrowed] = only === undefined ? [states, new Map<string, Repair>()] : narrow(states, only)
  selected.choose(table, kept)
  if (narrowed.size > 0) selected.repair(table, narrowed)
  if (selector.isListed) selected.coverage.push(coverKeys(table.id, await judgeStates(sides, table, states), lacking))
}

/** Rows below which everything is wanted. Throws `bad-key` for one that live does not have. */
const addAnchors = async (selected: SelectedRows, sides: Sides, selector: SelectorBy<'under'>): Promise<void> => {
  const { table, found, states } = await readTyped(selected, sides, selector)
  const refuse = (key: string, what: string, detail?: string): RowgraftError =>
    new RowgraftError('bad-key', `row ${displayKey(key)} of "${table.id}" is ${what}`, {
      detail,
      hint: `Select the row: rowgraft plan ${shellWord(table.id)} ${shellWord(displayKey(key))}. What belongs to it comes along.`,
    })
  const gone = found.find((key) => states.get(key)?.state === 'missing')
  if (gone !== undefined) throw refuse(gone, 'itself missing in live')
  const reused = found.find((key) => states.get(key)?.state === 'reused')
  if (reused !== undefined) {
    const why = 'The row of that key was deleted, and its key was handed out again.'
    throw refuse(reused, 'another record in live', why)
  }
  selected.under.set(table.id, [...(selected.under.get(table.id) ?? []), ...found])
}

/** Changed rows apart: of those only some columns are put back, whatever else differs. */
const narrow = (
  states: ReadonlyMap<string, RowState>,
  columns: readonly string[],
): readonly [ReadonlyMap<string, RowState>, ReadonlyMap<string, Repair>] => {
  const narrowed = new Map<string, Repair>()
  for (const [key, state] of states) {
    if (state.state !== 'changed') continue
    narrowed.set(key, { damaged: state.columns.filter((name) => columns.includes(name)), edited: [] })
  }
  return [new Map([...states].filter(([key]) => !narrowed.has(key))), narrowed]
}

/** What states are when it is seen what keys are made of. */
const judgeStates = async (
  sides: Sides,
  table: SharedTable,
  states: ReadonlyMap<string, RowState>,
): Promise<ReadonlyMap<string, RowState>> => {
  const cache = new StateCache(sides, nothingDecided)
  await cache.seed(table, states)
  return cache.read(table, [...states.keys()])
}
