/** The selected rows, sorted by what live holds of them: lost, changed, restored already, or there. */
import { columnOf, isGiven } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import { type KeyIndexes, KeySet } from '../keys/key-index.ts'
import type { Decider, Finding } from '../plan/finding.ts'
import type { Likeness } from '../rows/records/weigh-columns.ts'
import { StatesWithout } from '../rows/row-states.ts'
import type { RowState } from '../rows/states.ts'
import { checkColumns } from '../selection/columns.ts'
import type { LeftOut } from '../selection/left-out.ts'
import type { ChosenRows, Resolved } from '../selection/resolved.ts'
import { canComeBeside } from './probe/taken-findings.ts'

export interface Judged {
  readonly resolved: Resolved
  readonly updates: Map<string, Map<string, readonly string[]>>
  readonly leftOut: LeftOut[]
  readonly unchanged: Map<string, number>
  /** Updated rows in which only what an UPDATE did is put back: they bring nothing along but parents. */
  readonly repaired: Map<string, Set<string>>
  /** Changed rows that come back beside live's, packed, per table. */
  readonly beside: Map<string, string[]>
}

export interface JudgeOptions {
  readonly keys: KeyIndexes
  /** Rows that stay out, packed, per table. */
  readonly excluded: ReadonlyMap<string, ReadonlySet<string>>
  /** Restore only these columns of rows that live still has. */
  readonly columns: readonly string[] | null
  /** `table.column` whose values triggers may write, or live round. */
  readonly leftToLive: readonly string[]
  readonly keyPolicy: 'auto' | 'keep' | 'new'
  /** Rows that may be other records by now, packed, per table: brought back under other keys, or to be put back in some columns. */
  readonly doubted: ReadonlyMap<string, ReadonlyMap<string, Likeness>>
  /** Rows whose key was changed in live, packed, per table. */
  readonly renamed: ReadonlyMap<string, ReadonlySet<string>>
  readonly decider: Decider
}

/** Sorts the selected rows: lost ones go into the closure, changed ones are updated or a conflict, the rest is accounted for. */
export const judgeChosen = (resolved: Resolved, options: JudgeOptions): Judged => {
  const { keys, excluded, columns } = options
  const judged: Judged = {
    resolved: { ...resolved, chosen: new Map(resolved.chosen) },
    updates: new Map(),
    leftOut: [...resolved.leftOut],
    unchanged: new Map(),
    repaired: new Map(),
    beside: new Map(),
  }
  const chosen = new Map<string, ChosenRows>()
  for (const [id, { table, states }] of resolved.chosen) {
    if (columns !== null) checkColumns(table, columns)
    const dropped = new KeySet(keys.of(id))
    for (const [key, state] of states) {
      const isLeft = !excluded.get(id)?.has(key) && isLost(judged, { table, key, state }, options)
      if (!isLeft) dropped.add(key)
    }
    chosen.set(id, { table, states: dropped.size === 0 ? states : new StatesWithout(states, dropped) })
    judgeRepairs(judged, table, options)
  }
  return { ...judged, resolved: { ...resolved, chosen } }
}

interface ChosenRow {
  readonly table: SharedTable
  readonly key: string
  readonly state: RowState
}

/** True for a row that goes into the closure; what becomes of any other is noted. */
const isLost = (judged: Judged, { table, key, state }: ChosenRow, options: JudgeOptions): boolean => {
  const { columns } = options
  const { id } = table
  if (state.state === 'restored') judgeRestored(judged, { table, key, liveKey: state.liveKey }, options)
  else if (state.state === 'same' || hasNothingToWrite(table, state, options))
    judged.unchanged.set(id, (judged.unchanged.get(id) ?? 0) + 1)
  else if (state.state === 'changed') judgeChanged(judged, { table, key, changed: state.columns }, options)
  else if (state.state !== 'deleted' && state.isMarked === true) {
    judged.leftOut.push({ table: id, key: displayKey(key), reason: { kind: 'marked in the backup' } })
  } else if (columns !== null) {
    judged.leftOut.push({ table: id, key: displayKey(key), reason: { kind: 'no row for columns' } })
  } else return true
  return false
}

/** Columns that an UPDATE left as they are in live are put back; those that hold a third value stay, unless they are to be overwritten. */
const judgeRepairs = (judged: Judged, table: SharedTable, { excluded, decider }: JudgeOptions): void => {
  const rows = judged.updates.get(table.id) ?? new Map<string, readonly string[]>()
  const repaired = new Set<string>()
  for (const [key, { damaged, edited }] of judged.resolved.repairs.get(table.id) ?? []) {
    if (excluded.get(table.id)?.has(key)) continue
    const isOverwritten =
      edited.length > 0 &&
      decider.decide({
        kind: 'edited since',
        table: table.id,
        key: displayKey(key),
        constraint: null,
        columns: edited,
        values: [],
        live: [displayKey(key)],
        possible: ['skip', 'overwrite'],
      }) === 'overwrite'
    const columns = isOverwritten ? [...damaged, ...edited] : damaged
    if (columns.length === 0) continue
    const known = rows.get(key)
    if (known === undefined) repaired.add(key)
    rows.set(key, [...new Set([...(known ?? []), ...columns])])
  }
  if (rows.size > 0) judged.updates.set(table.id, rows)
  judged.repaired.set(table.id, repaired)
}

/** What the user gives by --set, or leaves to a trigger or to live's rounding, is no reason to write a row that live has, unless --columns names the column. */
const hasNothingToWrite = (table: SharedTable, state: RowState, { columns, leftToLive }: JudgeOptions): boolean =>
  columns === null &&
  state.state === 'changed' &&
  state.columns.every((name) => isGiven(table.backup, name) || leftToLive.includes(`${table.id}.${name}`))

const judgeRestored = (
  judged: Judged,
  { table, key, liveKey }: { readonly table: SharedTable; readonly key: string; readonly liveKey: string },
  { doubted, renamed, keyPolicy, decider }: JudgeOptions,
): void => {
  const doubt = doubted.get(table.id)?.get(key)
  const answer = decider.decide({
    kind: 'looks restored',
    table: table.id,
    key: displayKey(key),
    constraint: null,
    columns: doubt?.columns ?? [],
    values: [],
    live: [displayKey(liveKey)],
    possible: doubt !== undefined && canComeBeside(table, keyPolicy) ? ['skip', 'allocate'] : ['skip'],
    ...(doubt === undefined ? {} : { of: doubt.of }),
    ...(renamed.get(table.id)?.has(key) ? { isRenamed: true } : {}),
  })
  if (answer === 'allocate') judged.beside.set(table.id, [...(judged.beside.get(table.id) ?? []), key])
}

const judgeChanged = (
  judged: Judged,
  { table, key, changed }: { readonly table: SharedTable; readonly key: string; readonly changed: readonly string[] },
  { columns, keyPolicy, doubted, decider }: JudgeOptions,
): void => {
  const rows = judged.updates.get(table.id) ?? new Map<string, readonly string[]>()
  if (columns !== null) {
    const wanted = changed.filter((name) => columns.includes(name))
    const doubt = doubted.get(table.id)?.get(key)
    const isOut = wanted.length > 0 && doubt !== undefined && decider.decide(otherFinding(table, key, doubt)) === 'skip'
    if (isOut) return
    if (wanted.length > 0) judged.updates.set(table.id, rows.set(key, wanted))
    else judged.unchanged.set(table.id, (judged.unchanged.get(table.id) ?? 0) + 1)
    return
  }
  const writable = changed.filter((name) => columnOf(table.live, name)?.identity !== 'always')
  const answer = decider.decide({
    kind: 'changed',
    table: table.id,
    key: displayKey(key),
    constraint: null,
    columns: changed,
    values: [],
    live: [displayKey(key)],
    possible: [
      'skip',
      ...(writable.length === changed.length ? (['overwrite'] as const) : []),
      ...(canComeBeside(table, keyPolicy) ? (['allocate'] as const) : []),
    ],
    ...(canComeBeside(table, keyPolicy) && keyPolicy === 'new' ? { otherwise: 'allocate' } : {}),
  })
  if (answer === 'allocate') judged.beside.set(table.id, [...(judged.beside.get(table.id) ?? []), key])
  if (answer === 'overwrite') judged.updates.set(table.id, rows.set(key, writable))
}

/** The finding that columns are to be put back in a row that may be another record by now. */
const otherFinding = (table: SharedTable, key: string, doubt: Likeness): Finding => ({
  kind: 'changed',
  table: table.id,
  key: displayKey(key),
  constraint: null,
  columns: doubt.columns,
  values: [],
  live: [displayKey(key)],
  possible: ['skip', 'overwrite'],
  of: doubt.of,
})
