/**
 * A statement made of those of its parts that the rows ask for, and run again while it helps: what one row becomes may change another.
 * A transaction decides at once, a script when it is run.
 */
import { sql } from 'kysely'
import { list, type Query } from './names.ts'
import type { Outcome } from './reader.ts'

/** A part of an UPDATE: what it sets, and in which rows. */
export interface Amended {
  /** Aggregate: how many rows ask for it. */
  readonly count: Query
  readonly set: Query
  readonly where: Query
}

export interface Amendment {
  readonly parts: readonly Amended[]
  /** Where the parts are counted: FROM and what follows it. */
  readonly from: Query
  /** The statement of the parts chosen. */
  readonly statement: (set: Query, where: Query) => Query
}

/** Rounds in which triggers may pass a change on, from row to row. */
export const mostRounds = 1000

/**
 * Runs each statement with the parts that rows ask for, in turn, until none does. A part that no fewer rows ask for after it was run is
 * left alone from then on. Returns, by amendment and part, how many rows asked for it at most.
 */
export const runAmendments = async (
  execute: (query: Query) => Promise<Outcome>,
  amendments: readonly Amendment[],
): Promise<readonly (readonly number[])[]> => {
  const most = amendments.map(({ parts }) => parts.map(() => 0))
  const vain = amendments.map(() => new Set<number>())
  const count = async ({ parts, from }: Amendment): Promise<readonly number[]> => {
    const { rows } = await execute(sql`select ${list(parts.map((part) => sql`(${part.count})::text`))} ${from}`)
    return parts.map((_, position) => Number(rows[0]?.[position] ?? 0))
  }
  for (let round = 0, isDone = false; !isDone && round < mostRounds; round += 1) {
    isDone = true
    for (const [index, amendment] of amendments.entries()) {
      if (amendment.parts.length === 0) continue
      const before = await count(amendment)
      const chosen = [...before.keys()].filter((p) => (before[p] ?? 0) > 0 && !vain[index]?.has(p))
      for (const p of chosen) (most[index] ?? [])[p] = Math.max(most[index]?.[p] ?? 0, before[p] ?? 0)
      const parts = chosen.flatMap((p) => amendment.parts[p] ?? [])
      if (parts.length === 0) continue
      isDone = false
      const [set, where] = [parts.map((part) => part.set), parts.map((part) => part.where)]
      await execute(amendment.statement(list(set), sql`(${list(where, ' or ')})`))
      const after = await count(amendment)
      for (const p of chosen) if ((after[p] ?? 0) >= (before[p] ?? 0)) vain[index]?.add(p)
    }
  }
  return most
}
