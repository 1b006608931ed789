/**
 * An UPDATE undone three-way, column by column. Where live holds the backup's value there is nothing to do; where it holds what the
 * UPDATE would have made of the backup's row, the column is damaged and the backup's value comes back; a third value was put there
 * by somebody else, before or since, and is a question.
 */
import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { readShown } from '../../rows/by-key.ts'
import { readCreation } from '../../rows/records/habits.ts'
import { isReused } from '../../rows/records/records.ts'
import type { Sides } from '../../rows/sides.ts'
import type { RowState } from '../../rows/states.ts'
import { inBatches } from '../../sql/rows.ts'
import type { LeftOut, LeftOutReason } from '../left-out.ts'
import type { Hits, SetValues } from './hits.ts'

/** What is to be put back in a row that live still has. */
export interface Repair {
  /** Columns that hold what the statement put there. */
  readonly damaged: readonly string[]
  /** Columns that hold a third value. */
  readonly edited: readonly string[]
}

export interface Damage {
  readonly repairs: ReadonlyMap<string, Repair>
  /** Rows live does not have as themselves any more. */
  readonly leftOut: readonly LeftOut[]
  readonly missing: number
  readonly restored: number
  readonly alreadyRight: number
}

/** Why a row that live does not have is left out, or null. */
const whyOut = (state: RowState): LeftOutReason | null => {
  if (state.state === 'missing') return { kind: 'hit and missing' }
  if (state.state === 'restored') return { kind: 'hit and restored', live: displayKey(state.liveKey) }
  return null
}

/** What states tell of rows: as they were read, and judged by what their keys are made of. */
export interface KnownStates {
  readonly read: ReadonlyMap<string, RowState>
  readonly judged: ReadonlyMap<string, RowState>
}

interface Known extends KnownStates {
  /** Rows that may be other records in live, with the columns that differ beside those that the statement sets. */
  readonly others: ReadonlyMap<string, readonly string[]>
}

const namedValues = (columns: readonly string[], values: readonly SetValues[]): ReadonlySet<string> =>
  new Set(values.flatMap((one) => columns.map((name, place) => nameValue(name, one[place]))))

const nameValue = (name: string, value: string | null | undefined): string => `${name}\0${value ?? ''}`

/** Of what the statement makes of some rows, by column and value: what it makes of so many that it says nothing about any of them. */
const usualValues = (hits: Hits, columns: readonly string[], keys: Iterable<string>): ReadonlySet<string> => {
  const counts = new Map<string, number>()
  for (const key of keys) for (const own of namedValues(columns, hits.get(key) ?? [])) counts.set(own, 0)
  for (const values of counts.size === 0 ? [] : hits.values()) {
    for (const own of namedValues(columns, values)) {
      const count = counts.get(own)
      if (count !== undefined) counts.set(own, count + 1)
    }
  }
  return new Set([...counts].flatMap(([own, count]) => (count * 2 > hits.size ? [own] : [])))
}

/** What an UPDATE hit in a table. */
export interface Hit {
  readonly table: SharedTable
  readonly hits: Hits
  /** Those it sets, in the order of the hits' values. */
  readonly columns: readonly string[]
}

/** Compares what live holds with what the statement would have put there. */
export const findDamage = async (sides: Sides, { table, hits, columns }: Hit, states: Known): Promise<Damage> => {
  const repairs = new Map<string, Repair>()
  const leftOut: LeftOut[] = []
  const open: { readonly key: string; readonly changed: readonly string[] }[] = []
  let [missing, restored, alreadyRight] = [0, 0, 0]
  const creation = await readCreation(sides, table)
  const usual = usualValues(hits, columns, states.others.keys())
  for (const key of hits.keys()) {
    const state = states.read.get(key) ?? { state: 'missing' }
    // What the statement itself set does not make another record of a row.
    const others = 'columns' in state ? state.columns.filter((name) => !columns.includes(name)) : []
    const isOther =
      state.state === 'reused' ? isReused(table, creation, others) : states.judged.get(key)?.state === 'reused'
    const reason = whyOut(state) ?? (isOther ? ({ kind: 'hit and reused' } as const) : null)
    if (reason !== null) {
      leftOut.push({ table: table.id, key: displayKey(key), reason })
      if (state.state === 'restored') restored++
      else missing++
      continue
    }
    const changed = 'columns' in state ? state.columns.filter((name) => columns.includes(name)) : []
    if (changed.length === 0) alreadyRight++
    else open.push({ key, changed })
  }
  for (const batch of inBatches(open)) {
    const live = await readShown(sides.live, table, { keys: batch.map(({ key }) => key), columns })
    for (const { key, changed } of batch) {
      const isLeft = (name: string): boolean => {
        const position = columns.indexOf(name)
        return hits.get(key)?.some((values) => values[position] === live.get(key)?.[position]) ?? false
      }
      const damaged = changed.filter(isLeft)
      const others = states.others.get(key)
      // A value that the statement would have made of this row alone says whose row it is.
      const isOwn = damaged.some((name) => !usual.has(nameValue(name, live.get(key)?.[columns.indexOf(name)])))
      if (others === undefined || isOwn) repairs.set(key, { damaged, edited: changed.filter((name) => !isLeft(name)) })
      else {
        leftOut.push({ table: table.id, key: displayKey(key), reason: { kind: 'hit and doubtful', columns: others } })
        missing++
      }
    }
  }
  return { repairs, leftOut, missing, restored, alreadyRight }
}
