/** From selectors to rows: what each names in the backup, and which of those rows live lacks. */
import { sql } from 'kysely'
import { withoutEdits } from '../catalog/catalog.ts'
import { findTable, hintForRefusal, type SharedCatalog, type SharedTable } from '../catalog/shared.ts'
import { shellWord } from '../database/display.ts'
import { serverText } from '../database/names.ts'
import { RowgraftError } from '../errors.ts'
import { displayKey, packKey } from '../keys/key.ts'
import { KeySequence } from '../keys/key-index.ts'
import { RowStates } from '../rows/row-states.ts'
import type { Sides } from '../rows/sides.ts'
import { nothingDecided, StateCache } from '../rows/state-cache.ts'
import { type RowState, readStates } from '../rows/states.ts'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../sql/rows.ts'
import { readMissingKeys, readUntouched, wantedTables } from './all-missing.ts'
import { checkColumns } from './columns.ts'
import { type Coverage, coverKeys } from './coverage.ts'
import type { ChosenRows, Resolved } from './resolved.ts'
import { type DirectSelection, fitKey, orderKey } from './selection.ts'
import type { Repair } from './statement/damage.ts'
import { resolveStatement } from './statement/resolve-statement.ts'

/** A table by the name typed; refuses one that cannot be restored. */
export const restorableTable = (catalog: SharedCatalog, typed: string): SharedTable => {
  const table = findTable(catalog, typed)
  if (table.refusal !== null) {
    throw new RowgraftError('not-restorable', `table "${table.id}" cannot be restored`, {
      detail: table.refusal,
      hint: hintForRefusal(table),
    })
  }
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
  for (const batch of inBatches(keys)) {
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
  const keys = new KeySequence(index)
  try {
    await sides.withUserSearchPath(async () => {
      for await (const rows of sides.backup.batches(query, 10_000)) {
        for (const row of rows) keys.push(index.add(packKey(row)))
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
export const resolveSelection = async (sides: Sides, selection: DirectSelection): Promise<Resolved> => {
  const chosen = new Map<string, ChosenRows & { readonly states: RowStates }>()
  const under = new Map<string, string[]>()
  const notInBackup: { table: string; key: string }[] = []
  const repairs = new Map<string, ReadonlyMap<string, Repair>>()
  const leftOut: Resolved['leftOut'][number][] = []
  const coverage: Coverage[] = []
  const untouched: Resolved['untouched'][number][] = []
  const choose = (table: SharedTable, states: Iterable<readonly [string, RowState]>): void => {
    const rows = chosen.get(table.id) ?? { table, states: new RowStates(sides.keys.of(table.id)) }
    for (const [key, state] of states) rows.states.set(key, state)
    chosen.set(table.id, rows)
  }
  for (const selector of selection.selectors) {
    if (selector.by === 'statement') {
      for (const rows of await resolveStatement(sides, selector)) {
        choose(rows.table, rows.lost)
        repairs.set(rows.table.id, mergeRepairs(repairs.get(rows.table.id), rows.repairs))
        for (const row of rows.leftOut) leftOut.push(row)
        coverage.push(rows.coverage)
      }
      continue
    }
    if (selector.by === 'all missing') {
      const all = selector.table === null
      const tables = all ? wantedTables(sides.catalog) : [restorableTable(sides.catalog, selector.table)]
      for (const table of tables) {
        choose(table, [])
        for await (const keys of readMissingKeys(sides, table)) {
          choose(
            table,
            keys.map((key) => [key, { state: 'missing' }]),
          )
        }
      }
      if (all) for (const rows of await readUntouched(sides)) untouched.push(rows)
      continue
    }
    const table = restorableTable(sides.catalog, selector.table)
    if (selector.by === 'where') {
      const keys = await findWhere(sides, table, selector.where)
      choose(table, [])
      for (const batch of inBatches(keys)) choose(table, await readStates(sides, table, batch))
      continue
    }
    const columns = selector.by === 'keys' ? selector.columns : undefined
    const typed = selector.keys.map((key) =>
      packKey(columns === undefined ? fitKey(key, key.join(','), table) : orderKey(key, columns, table)),
    )
    const { found, lacking } = await findInBackup(sides, table, [...new Set(typed)])
    for (const key of lacking) notInBackup.push({ table: table.id, key: displayKey(key) })
    if (selector.by === 'keys') {
      const states = await readStates(sides, table, found)
      const { only } = selector
      if (only !== undefined) checkColumns(table, only)
      const [kept, narrowed] = only === undefined ? [states, new Map<string, Repair>()] : narrow(states, only)
      choose(table, kept)
      if (narrowed.size > 0) repairs.set(table.id, mergeRepairs(repairs.get(table.id), narrowed))
      if (selector.isListed) coverage.push(coverKeys(table.id, await judgeStates(sides, table, states), lacking))
      continue
    }
    const states = await readStates(sides, table, found)
    const gone = found.find((key) => states.get(key)?.state === 'missing')
    if (gone !== undefined) {
      throw new RowgraftError('bad-key', `row ${displayKey(gone)} of "${table.id}" is itself missing in live`, {
        hint: `Select the row: rowgraft plan ${shellWord(table.id)} ${shellWord(displayKey(gone))}. What belongs to it comes along.`,
      })
    }
    const reused = found.find((key) => states.get(key)?.state === 'reused')
    if (reused !== undefined) {
      throw new RowgraftError('bad-key', `row ${displayKey(reused)} of "${table.id}" is another record in live`, {
        detail: 'The row of that key was deleted, and its key was handed out again.',
        hint: `Select the row: rowgraft plan ${shellWord(table.id)} ${shellWord(displayKey(reused))}. What belongs to it comes along.`,
      })
    }
    under.set(table.id, [...(under.get(table.id) ?? []), ...found])
  }
  return { chosen, under, notInBackup, repairs, leftOut, coverage, untouched }
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

/** A column that one of several statements left as it is in live is damaged, whatever the others say. */
const mergeRepairs = (
  known: ReadonlyMap<string, Repair> | undefined,
  more: ReadonlyMap<string, Repair>,
): ReadonlyMap<string, Repair> => {
  const merged = new Map(known)
  for (const [key, { damaged, edited }] of more) {
    const other = merged.get(key)
    const all = [...new Set([...(other?.damaged ?? []), ...damaged])]
    const rest = [...new Set([...(other?.edited ?? []), ...edited])].filter((name) => !all.includes(name))
    merged.set(key, { damaged: all, edited: rest })
  }
  return merged
}
