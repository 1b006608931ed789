/** What a planned run takes of live beside its rows, asked of live: part of making a plan. */
import type { Catalog, Table } from './catalog/catalog.ts'
import { columnValues } from './catalog/key-columns.ts'
import type { Reader } from './database/session.ts'
import { type Footprint, measureRoom, usedPrivileges } from './plan/footprint.ts'
import type { PlanSequence, StandIns, Step } from './plan/plan.ts'
import { readFollowers, readPublished } from './probe/replication.ts'
import { readMove } from './probe/sequence-moves.ts'

export interface FootprintInput {
  readonly live: Reader
  readonly catalog: Catalog
  readonly steps: readonly Step[]
  readonly sequences: readonly PlanSequence[]
  readonly standIns: readonly Pick<StandIns, 'table'>[]
  readonly bytes: number
}

/** Privileges, room, publications and followers of a plan; null for one that writes nothing. */
export const readFootprint = async (input: FootprintInput): Promise<Footprint | null> => {
  const { live, catalog, steps, sequences, standIns, bytes } = input
  if (steps.length === 0) return null
  const published = (await readPublished(live)).filter(({ table, inserts, updates }) =>
    steps.some((step) => step.table === table && (step.action === 'insert' ? inserts : updates)),
  )
  return {
    privileges: usedPrivileges(catalog, steps, sequences, standIns),
    ...measureRoom(catalog, steps, bytes),
    publications: [...Map.groupBy(published, ({ publication }) => publication)].map(([publication, of]) => ({
      publication,
      tables: of.map(({ table }) => table),
    })),
    followers: await readFollowers(live),
  }
}

/** The largest kept key of a column; undefined where the plan has no values of it. */
const keptKey = (identity: readonly string[], steps: readonly Step[], column: string): bigint | null | undefined => {
  if (steps.every(({ allocate }) => allocate === 'all')) return null
  const position = identity.indexOf(column)
  if (position === -1) return undefined
  let highest: bigint | null = null
  for (const { allocate, keys } of steps) {
    if (allocate === 'all') continue
    const anew = new Set(allocate ?? [])
    let row = 0
    for (const key of columnValues(keys[position] ?? [])) {
      if (anew.has(row++)) continue
      const value = BigInt(key)
      if (highest === null || value > highest) highest = value
    }
  }
  return highest
}

/** The sequences with where they stand, and where the run leaves them. */
export const readSequenceMoves = async (
  live: Reader,
  sequences: readonly PlanSequence[],
  steps: readonly Step[],
  tableOf: (id: string) => { readonly live: Table; readonly identity: readonly string[] },
): Promise<readonly PlanSequence[]> => {
  const moved: PlanSequence[] = []
  for (const used of sequences) {
    const { live: table, identity } = tableOf(used.table)
    const inserts = steps.filter((step) => step.table === used.table && step.action === 'insert')
    const kept = keptKey(identity, inserts, used.column)
    const isShared = sequences.some((other) => other !== used && other.sequence === used.sequence)
    const move =
      used.sequence === null ? null : await readMove(live, { ...used, table, kept: isShared ? undefined : kept })
    moved.push(move === null ? used : { ...used, ...move })
  }
  return moved
}
