/**
 * A statement made of those of its parts that the rows ask for, and run again while it helps: what one row becomes may change another.
 * A transaction decides at once, a script when it is run.
 */
import { sql } from 'kysely'
import { any, identifier, list, type Query } from './names.ts'
import type { Outcome } from './session/outcome.ts'

/** A part of an UPDATE: what it sets, and in which rows. */
export interface Amended {
  /** Aggregate: how many rows ask for it. */
  readonly count: Query
  readonly set: Query
  readonly where: Query
  /** Holds for an updated row that asked for it and took it: no trigger made something else of it. */
  readonly held: Query
}

export interface Amendment {
  readonly parts: readonly Amended[]
  /** Where the parts are counted: FROM and what follows it. */
  readonly from: Query
  /** The UPDATE that sets what is given, where it is given, and returns `held` of each row. */
  readonly update: (given: { readonly set: Query; readonly where: Query; readonly held: Query }) => Query
}

/** Rounds in which triggers may pass a change on, from row to row. */
export const mostRounds = 1000

/** Rounds in a row after which no fewer rows ask for a part, until it is given up. */
export const mostIdle = 3

interface Progress {
  most: number
  left: number
  idle: number
  isVain: boolean
}

/** Counts, part by part, the rows that ask for it. */
export const askedFor = ({ parts, from }: Amendment): Query =>
  sql`select ${list(parts.map(({ count }) => sql`(${count})::text`))} ${from}`

/** Sets what is given, and counts, part by part, the rows that took it. */
export const amend = ({ parts, update }: Amendment, given: { readonly set: Query; readonly where: Query }): Query => {
  const names = parts.map((_, p) => identifier(`h${p}`))
  const held = list(parts.map((part, p) => sql`${part.held} as ${names[p]}`))
  const counts = names.map((name) => sql`(pg_catalog.count(*) filter (where ${name}))::text`)
  return sql`with changed as (${update({ ...given, held })}) select ${list(counts)} from changed`
}

/**
 * Runs each statement with the parts that rows ask for, in turn, until none does. A part that no row takes is left alone from then on.
 * Returns, by amendment and part, how many rows asked for it at most and do so no more.
 */
export const runAmendments = async (
  execute: (query: Query) => Promise<Outcome>,
  amendments: readonly Amendment[],
): Promise<readonly (readonly number[])[]> => {
  const used = amendments.map((amendment) => ({
    amendment,
    states: amendment.parts.map((part) => ({ part, progress: { most: 0, left: 0, idle: 0, isVain: false } })),
  }))
  for (let round = 0, isDone = false; !isDone && round < mostRounds; round += 1) {
    isDone = true
    for (const { amendment, states } of used) {
      if (states.length === 0) continue
      const before = numbersIn(await execute(askedFor(amendment)))
      const chosen = states.flatMap((state, p) => {
        const asked = before[p] ?? 0
        return asked > 0 && !state.progress.isVain ? [{ ...state, p, asked }] : []
      })
      if (chosen.length === 0) continue
      isDone = false
      const [set, where] = [chosen.map(({ part }) => part.set), chosen.map(({ part }) => part.where)]
      const held = numbersIn(await execute(amend(amendment, { set: list(set), where: any(where) })))
      const after = numbersIn(await execute(askedFor(amendment)))
      for (const { progress, p, asked } of chosen) {
        note(progress, { asked, left: after[p] ?? 0, held: held[p] ?? 0 })
      }
    }
  }
  return used.map(({ states }) => states.map(({ progress: { most, left } }) => most - left))
}

const note = (
  progress: Progress,
  { asked, left, held }: { readonly asked: number; readonly left: number; readonly held: number },
): void => {
  progress.most = Math.max(progress.most, asked)
  progress.left = left
  progress.idle = left < asked ? 0 : progress.idle + 1
  progress.isVain = held === 0 || progress.idle === mostIdle
}

const numbersIn = ({ rows }: Outcome): readonly number[] => (rows[0] ?? []).map(Number)
