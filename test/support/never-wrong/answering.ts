/** How somebody answers conflicts: by row, by table, for all of them, in the plan's file, or by a flag that settles them too. Pure. */
import { selectsOneTable, waysOut } from '../../../src/format/plan/conflicts.ts'
import type { Plan } from '../../../src/index.ts'
import { follow, readWays } from './hints.ts'
import { type Request, requestSelection } from './request.ts'

type Conflict = Plan['conflicts'][number]

/** The next of the choices, below `of`. */
export type Choose = (of: number) => number

export const chooser = (choices: readonly number[]): Choose => {
  let next = 0
  return (of) => (choices[next++ % choices.length] ?? 0) % Math.max(1, of)
}

const rowOf = ({ table, key }: Conflict): string => (key === '' ? table : `${table}:${key}`)

const possible = ({ answers }: Conflict): readonly string[] =>
  answers.map(({ answer }) => answer).filter((answer) => answer !== 'stop')

const scopes = ['row', 'table', 'all', 'file', 'flag'] as const

export interface Asked {
  readonly request: Request
  /** Answers by conflict that nothing else can have settled otherwise. */
  readonly given: ReadonlyMap<string, string>
}

/** A flag that settles a conflict instead of an answer to it. */
const byFlag = (request: Request, conflict: Conflict, choose: Choose): Request | null => {
  const ways = waysOut(conflict, { canNameColumns: selectsOneTable({ selection: requestSelection(request) }) })
    .flatMap(({ flag }) => readWays(flag))
    .filter(({ flag }) => flag !== 'on-conflict')
    .flatMap((way) => follow(request, way) ?? [])
  return ways[choose(ways.length)] ?? null
}

/** The request that answers open conflicts, each by itself or all alike; null where nothing answers them. */
export const answerAll = (request: Request, open: readonly Conflict[], choose: Choose): Asked | null => {
  const scope = scopes[choose(scopes.length)]
  const [first] = open
  if (first === undefined) return null
  const flagged = scope === 'flag' || possible(first).length === 0 ? byFlag(request, first, choose) : null
  if (flagged !== null) return { request: flagged, given: new Map() }
  const chosen = new Map(
    open.flatMap((conflict) => {
      const answers = possible(conflict)
      const answer = answers[choose(answers.length)]
      return answer === undefined ? [] : [[conflict, answer] as const]
    }),
  )
  const [answer] = chosen.values()
  if (answer === undefined) return null
  if (scope === 'table' || scope === 'all') {
    const rows = scope === 'all' ? '*' : first.table
    return { request: { ...request, onConflict: { ...request.onConflict, [rows]: answer } }, given: new Map() }
  }
  const given = new Map([...chosen].map(([{ id }, own]) => [id, own]))
  if (scope === 'file') {
    return { request: { ...request, inFile: { ...request.inFile, ...Object.fromEntries(given) } }, given }
  }
  const rows = [...chosen].map(([conflict, own]) => [rowOf(conflict), own] as const)
  const isFresh = (conflict: Conflict): boolean =>
    request.onConflict[rowOf(conflict)] === undefined && rows.filter(([row]) => row === rowOf(conflict)).length === 1
  return {
    request: { ...request, onConflict: { ...request.onConflict, ...Object.fromEntries(rows) } },
    given: new Map([...chosen].flatMap(([conflict, own]) => (isFresh(conflict) ? [[conflict.id, own]] : []))),
  }
}
