/**
 * Plan files: which argument is one, reading, writing, printing.
 *
 * In comes a path, or what is to be written; out goes a plan, or a file that is there only when it is complete.
 */
import { randomBytes } from 'node:crypto'
import { access, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readTextFile } from '../../documents/text-file.ts'
import { RowgraftError } from '../../errors.ts'
import { formatPlan } from '../../format/plan/plan.ts'
import { planDocument } from '../../format/plan/plan-document.ts'
import { formatPlanFile } from '../../format/plan/plan-file.ts'
import { type Plan, parsePlan } from '../../index.ts'
import type { Output } from '../output.ts'

/** An argument that ends in `.json` and exists is a plan. */
export const isPlanFile = async (argument: string | undefined): Promise<boolean> => {
  if (argument === undefined || !argument.endsWith('.json')) return false
  return access(argument).then(
    () => true,
    () => false,
  )
}

/** An argument that can only be the name of a plan file, and is not there. */
export const noPlanFile = (path: string): RowgraftError =>
  new RowgraftError('bad-file', `there is no plan file "${path}"`, {
    hint: `Make one with "rowgraft plan ... --out ${path}".`,
  })

/** Prints a plan as text, as its file, or on one line. */
export const printPlan = (output: Output, plan: Plan): void => {
  if (output.format === 'text') output.text(formatPlan(plan, output.setting))
  else if (output.format === 'ndjson') output.json(planDocument(plan))
  else output.text(formatPlanFile(plan))
}

const hints = {
  read: 'Make it anew with "rowgraft plan ... --out <file>".',
  write: 'Give --out another name.',
} as const

const cannot = (verb: keyof typeof hints, path: string, error: unknown): RowgraftError =>
  new RowgraftError('bad-file', `cannot ${verb} the plan file "${path}"`, {
    detail: error instanceof Error ? error.message : String(error),
    hint: hints[verb],
    cause: error,
  })

/** Throws `bad-file`, or `plan-edited` where more than its answers was edited. */
export const readPlanFile = async (path: string): Promise<Plan> => {
  const text = await readTextFile(path, { pipes: false }).catch((error: unknown) => {
    throw cannot('read', path, error)
  })
  return parsePlan(text, path)
}

const readExisting = (path: string): Promise<string | null> =>
  readTextFile(path, { pipes: false }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw cannot('write', path, error)
  })

const isPlan = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'plan'
  } catch {
    return false
  }
}

/** Refuses a path that holds something else than a plan. */
export const checkPlanTarget = async (path: string): Promise<void> => {
  const existing = await readExisting(path)
  if (existing === null || isPlan(existing)) return
  throw new RowgraftError('bad-file', `the file "${path}" exists and is not a plan`, {
    hint: 'Give --out another name, or remove the file first.',
  })
}

/** Writes a plan that only its owner can read; all of it or nothing. An older plan of that name is replaced. */
export const writePlanFile = async (path: string, plan: Plan): Promise<void> => {
  await checkPlanTarget(path)
  const draft = join(dirname(path), `.rowgraft-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(draft, formatPlanFile(plan), { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw cannot('write', path, error)
  }
}
