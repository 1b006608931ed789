/** What is asked of the program: the same as a command line, and as the arguments of a call. */
import {
  mergeSelectors,
  type PlanOptions,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseUnder,
  type Selection,
  type Selector,
} from '../../../src/index.ts'
import type { OptionsSpec } from './spec.ts'

/** An answer as it is spelled: those to come as well. */
export type Answer = string

export type Selecting =
  | { readonly by: 'keys'; readonly table: string; readonly keys: readonly string[] }
  | { readonly by: 'where'; readonly table: string; readonly where: string }
  | { readonly by: 'all missing'; readonly table: string | null }
  | { readonly by: 'under'; readonly rows: readonly string[] }
  | { readonly by: 'statement'; readonly statement: string }
  | { readonly by: 'incident'; readonly id: string }
  | { readonly by: 'keys from'; readonly lines: string }
  | { readonly by: 'select'; readonly rows: readonly string[] }

type Options = Pick<PlanOptions, 'keys' | 'children' | 'parents' | 'links' | 'relink'>

export interface Request {
  readonly selecting: Selecting
  readonly options: Options
  /** By `table:key`, by table, or `*` for all others. */
  readonly onConflict: Readonly<Record<string, Answer>>
  /** Answers written into the plan's file, by conflict. */
  readonly inFile: Readonly<Record<string, Answer>>
  readonly acceptTrigger: readonly string[]
  readonly triggers: PlanOptions['triggers']
  readonly isAgain: boolean
  readonly columns: readonly string[] | null
  /** About so many rows to a transaction; null: all. */
  readonly commitEvery: number | null
}

const partSizes: Readonly<Record<OptionsSpec['commitEvery'], number | null>> = { all: null, one: 1, three: 3 }

/** A request without answers. */
export const firstRequest = (selecting: Selecting, { isBulk, commitEvery, ...options }: OptionsSpec): Request => ({
  selecting,
  options,
  commitEvery: partSizes[commitEvery],
  onConflict: {},
  inFile: {},
  acceptTrigger: [],
  triggers: isBulk ? 'off' : null,
  isAgain: false,
  columns: null,
})

const defaults: Options = { keys: 'auto', children: 'all', parents: 'restore', links: 'existing', relink: 'evidence' }

const selectionArguments = (selecting: Selecting): readonly string[] => {
  switch (selecting.by) {
    case 'keys':
      return [selecting.table, ...selecting.keys]
    case 'where':
      return [selecting.table, '--where', selecting.where]
    case 'all missing':
      return [...(selecting.table === null ? [] : [selecting.table]), '--all-missing']
    case 'under':
      return selecting.rows.flatMap((row) => ['--under', row])
    case 'statement':
      return ['--statement', selecting.statement]
    case 'incident':
      return ['--incident', selecting.id]
    case 'keys from':
      return ['--keys-from', '-']
    case 'select':
      return selecting.rows.flatMap((row) => ['--select', row])
  }
}

const planArguments = (request: Request): readonly string[] => [
  ...(Object.keys(defaults) as (keyof Options)[]).flatMap((name) =>
    request.options[name] === defaults[name] ? [] : [`--${name}`, request.options[name]],
  ),
  ...Object.entries(request.onConflict).flatMap(([rows, answer]) => [
    '--on-conflict',
    rows === '*' ? answer : `${rows}=${answer}`,
  ]),
  ...request.acceptTrigger.flatMap((column) => ['--accept-trigger', column]),
  ...(request.triggers === null ? [] : ['--triggers', request.triggers]),
  ...(request.isAgain ? ['--again'] : []),
  ...(request.columns === null ? [] : ['--columns', request.columns.join(',')]),
]

/** The arguments of `plan` and `restore`; answers in a file aside. */
export const requestArguments = (request: Request): readonly string[] => [
  ...selectionArguments(request.selecting),
  ...planArguments(request),
]

/** The arguments of `restore` that `plan` does not take. */
export const runArguments = ({ commitEvery }: Request): readonly string[] =>
  commitEvery === null ? [] : ['--commit-every', String(commitEvery)]

/** What standard input holds. */
export const requestInput = ({ selecting }: Request): string => (selecting.by === 'keys from' ? selecting.lines : '')

const selectors = (selecting: Selecting): readonly Selector[] => {
  switch (selecting.by) {
    case 'keys':
      return [{ by: 'keys', table: selecting.table, keys: selecting.keys.map(parseKey) }]
    case 'where':
    case 'all missing':
    case 'incident':
      return [selecting]
    case 'under':
      return selecting.rows.map(parseUnder)
    case 'statement':
      return [{ by: 'statement', statement: selecting.statement, at: null }]
    case 'keys from':
      return parseKeyLines(selecting.lines)
    case 'select':
      return selecting.rows.map(parseSelect)
  }
}

export const requestSelection = ({ selecting, columns }: Request): Selection => ({
  selectors: mergeSelectors([...selectors(selecting)]),
  columns,
})

export const requestOptions = (request: Request): Partial<PlanOptions> => ({
  ...request.options,
  // A contract may know answers that this version's types do not.
  onConflict: request.onConflict as PlanOptions['onConflict'],
  acceptTrigger: request.acceptTrigger,
  triggers: request.triggers,
  again: request.isAgain,
})

const inShell = (argument: string): string =>
  /^[\w.,:/=@+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`

/** A command line as somebody types it. */
export const commandLine = (verb: string, args: readonly string[]): string =>
  ['rowgraft', verb, ...args].map(inShell).join(' ')
