/** The program, driven by calls or by command lines: the same questions, the same answers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodeOfError, exitCodeOfReport } from '../../../src/cli/exit.ts'
import {
  type Incident,
  isRowgraftError,
  open,
  openConflicts,
  type Plan,
  parsePlan,
  type Report,
  type Rowgraft,
} from '../../../src/index.ts'
import { command } from '../command.ts'
import type { DatabasePair } from '../databases.ts'
import {
  commandLine,
  type Request,
  requestArguments,
  requestInput,
  requestOptions,
  requestSelection,
  runArguments,
} from './request.ts'

/** A command that did not do what it was asked to. */
export interface Failure {
  readonly exit: number
  readonly code: string
  readonly message: string
  readonly detail: string | null
  readonly hint: string | null
}

/** What a command gave, or how it failed. */
export type Given<T> = { readonly value: T; readonly exit: number } | { readonly failure: Failure }

export interface Driver {
  readonly incidents: () => Promise<readonly Incident[]>
  readonly plan: (request: Request) => Promise<Given<Plan>>
  /** Runs the plan that was just made of the request. */
  readonly restore: (request: Request, plan: Plan) => Promise<Given<Report>>
  readonly verify: () => Promise<Given<boolean>>
  /** Undoes a run; null: the last one. */
  readonly undo: (run: string | null) => Promise<Given<Report>>
  /** What has been done so far, as command lines. */
  readonly trail: readonly string[]
}

const failureOf = (error: unknown): Failure => {
  if (!isRowgraftError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { exit: 70, code: 'bug', message: text, detail: null, hint: null }
  }
  const { code, message, detail = null, hint = null } = error
  return { exit: exitCodeOfError(code), code, message, detail, hint }
}

const attempt = async <T>(work: () => Promise<T>, exitOf: (value: T) => number): Promise<Given<T>> => {
  try {
    const value = await work()
    return { value, exit: exitOf(value) }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

const exitOfReport = (report: Report): number => exitCodeOfReport(report, { strict: false })

const withAnswers = (plan: Plan, { inFile }: Request): string =>
  JSON.stringify({ ...plan, answers: { ...plan.answers, ...inFile } })

const hasFile = ({ inFile }: Request): boolean => Object.keys(inFile).length > 0

const runOptions = ({ commitEvery }: Request) => ({ commitEvery })

type Answers = Parameters<Rowgraft['plan']>[2]

const byCalls = (rowgraft: Rowgraft): Omit<Driver, 'trail'> => {
  const plan = (request: Request, answers: Request['inFile']): Promise<Plan> =>
    rowgraft.plan(requestSelection(request), requestOptions(request), answers as Answers)
  return {
    incidents: async () => (await rowgraft.incidents()).incidents,
    plan: (request) =>
      attempt(
        () => plan(request, request.inFile),
        (made) => (openConflicts(made).length > 0 ? 4 : 0),
      ),
    restore: (request, planned) =>
      attempt(async () => {
        if (!hasFile(request)) return rowgraft.run(planned, runOptions(request))
        return rowgraft.run(parsePlan(withAnswers(await plan(request, {}), request)), runOptions(request))
      }, exitOfReport),
    verify: () =>
      attempt(
        async () => (await rowgraft.verify()).verified,
        (isVerified) => (isVerified ? 0 : 1),
      ),
    undo: (run) => attempt(async () => rowgraft.run(await rowgraft.undoPlan(run ?? undefined)), exitOfReport),
  }
}

const byCommands = (
  pair: DatabasePair,
  journal: string,
  calls: Omit<Driver, 'trail'>,
): Omit<Driver, 'trail' | 'incidents'> => {
  const env = { ROWGRAFT_LIVE: pair.live, ROWGRAFT_BACKUP: pair.backup, ROWGRAFT_JOURNAL: journal }
  const type = async <T>(argv: readonly string[], stdin: string, exits: readonly number[]): Promise<Given<T>> => {
    const { exit, stdout, stderr } = await command([...argv, '--json'], { env, stdin })
    try {
      const document = JSON.parse(stdout) as T | { readonly error: Omit<Failure, 'exit'> }
      if (typeof document === 'object' && document !== null && 'error' in document) {
        return { failure: { ...document.error, exit } }
      }
      if (exits.includes(exit)) return { value: document as T, exit }
      return { failure: { exit, code: 'unexpected exit', message: stdout, detail: null, hint: null } }
    } catch {
      return { failure: { exit, code: 'no json', message: `${stdout}\n${stderr}`, detail: null, hint: null } }
    }
  }
  return {
    // Only a call can give a plan with the answers of a file; it is told by the same code.
    plan: (request) =>
      hasFile(request)
        ? calls.plan(request)
        : type(['plan', ...requestArguments(request)], requestInput(request), [0, 4]),
    restore: async (request) => {
      const argv = requestArguments(request)
      if (!hasFile(request))
        return type(['restore', ...argv, ...runArguments(request), '--yes'], requestInput(request), [0, 7])
      const made = await type<Plan>(['plan', ...argv], requestInput(request), [0, 4])
      if ('failure' in made) return made
      const file = join(journal, '..', 'plan.json')
      await writeFile(file, withAnswers(made.value, request))
      return type(['restore', file, ...runArguments(request), '--yes'], '', [0, 7])
    },
    verify: async () => {
      const given = await type<{ readonly verified: boolean }>(['verify'], '', [0, 1])
      return 'failure' in given ? given : { value: given.value.verified, exit: given.exit }
    },
    undo: (run) => type(['undo', ...(run === null ? [] : [run]), '--yes'], '', [0, 7]),
  }
}

const told = (driver: Omit<Driver, 'trail'>): Driver => {
  const trail: string[] = []
  const tell = (verb: string, args: readonly string[], given: Given<unknown>): void => {
    const exit = 'failure' in given ? given.failure.exit : given.exit
    trail.push(`${commandLine(verb, args)}   # exit ${exit}`)
  }
  const answersIn = ({ inFile }: Request): readonly string[] =>
    Object.entries(inFile).map(([id, answer]) => `(in the plan file) ${id}: ${answer}`)
  return {
    ...driver,
    plan: async (request) => {
      const given = await driver.plan(request)
      tell('plan', [...requestArguments(request), ...answersIn(request)], given)
      return given
    },
    restore: async (request, plan) => {
      const given = await driver.restore(request, plan)
      tell('restore', [...requestArguments(request), ...runArguments(request), ...answersIn(request), '--yes'], given)
      return given
    },
    verify: async () => {
      const given = await driver.verify()
      tell('verify', [], given)
      return given
    },
    undo: async (run) => {
      const given = await driver.undo(run)
      tell('undo', [...(run === null ? [] : [run]), '--yes'], given)
      return given
    },
    trail,
  }
}

/** Runs `work` with a driver and a journal of its own. */
export const withDriver = async <T>(
  pair: DatabasePair,
  { isTyped }: { readonly isTyped: boolean },
  work: (driver: Driver) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-case-'))
  const journal = join(folder, 'journal')
  const rowgraft = await open({ ...pair, journal, env: {} })
  try {
    const calls = byCalls(rowgraft)
    return await work(told(isTyped ? { ...calls, ...byCommands(pair, journal, calls) } : calls))
  } finally {
    await rowgraft.close()
    await rm(folder, { recursive: true, force: true })
  }
}
