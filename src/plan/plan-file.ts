/** A plan as a file: parsed, and refused when anything but its answers was edited. Pure. */
import { RowgraftError } from '../errors.ts'
import { answers } from './conflicts.ts'
import { defaultPlanOptions, hashPlan, keysOf, type Plan } from './plan.ts'

const isPlan = (value: unknown): value is Plan =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'plan' && 'hash' in value

/** Everything a plan consists of. */
const parts: { readonly [Name in keyof Plan as undefined extends Plan[Name] ? never : Name]: true } = {
  v: true,
  kind: true,
  made: true,
  live: true,
  backup: true,
  undoes: true,
  selection: true,
  options: true,
  digest: true,
  fingerprints: true,
  steps: true,
  standIns: true,
  relations: true,
  conflicts: true,
  leftOut: true,
  notInBackup: true,
  coverage: true,
  unchanged: true,
  alreadyLinked: true,
  alsoMissing: true,
  lost: true,
  triggers: true,
  sequences: true,
  defaults: true,
  narrower: true,
  aside: true,
  notUndoable: true,
  locksParents: true,
  footprint: true,
  bytes: true,
  sources: true,
  notFollowed: true,
  hints: true,
  materialisedViews: true,
  missingFiles: true,
  edits: true,
  answers: true,
  answered: true,
  hash: true,
}

/** What a plan lacks that this rowgraft relies on; null where it has everything. */
const findLack = (plan: Plan): string | null => {
  const lack = Object.keys(parts).find((name) => !(name in plan) && name !== 'answers')
  if (lack !== undefined) return lack
  const option = Object.keys(defaultPlanOptions).find((name) => !(name in plan.options))
  return option === undefined ? null : `options.${option}`
}

/** Parses a plan file. Throws `bad-file` for anything that is no plan of this version, `plan-edited` when the hash does not fit. */
export const parsePlan = (text: string): Plan => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new RowgraftError('bad-file', 'the plan file is not JSON', {
      detail: error instanceof Error ? error.message : undefined,
      hint: 'Make it with "rowgraft plan ... --out plan.json".',
    })
  }
  if (!isPlan(value)) {
    throw new RowgraftError('bad-file', 'the file is not a rowgraft plan', {
      hint: 'Make it with "rowgraft plan ... --out plan.json".',
    })
  }
  if (value.v !== 1) {
    throw new RowgraftError('bad-file', `the plan has version ${String(value.v)}, this rowgraft reads version 1`, {
      hint: 'Make the plan again with this rowgraft.',
    })
  }
  if (hashPlan(value) !== value.hash) {
    throw new RowgraftError('plan-edited', 'the plan was edited beyond its answers', {
      detail: 'Its hash covers everything but "answers".',
      hint: 'Make the plan again with the flags that say what you want; only "answers" may be edited.',
    })
  }
  const lack = findLack(value)
  if (lack !== null) {
    throw new RowgraftError('bad-file', 'the plan was made by another version of rowgraft', {
      detail: `It has no "${lack}".`,
      hint: 'Make the plan again with this rowgraft.',
    })
  }
  // The hash says nothing of the answers: they may have become anything.
  if (typeof value.answers !== 'object' || value.answers === null || Array.isArray(value.answers)) {
    throw new RowgraftError('plan-edited', 'the plan has no "answers" by conflict', {
      hint: 'Write "answers": {} for none, or {"<id of a conflict>": "<answer>"}.',
    })
  }
  const known = new Map(value.conflicts.map((conflict) => [conflict.id, conflict]))
  for (const [id, answer] of Object.entries(value.answers)) {
    const possible = known.get(id)?.answers.map((choice) => choice.answer)
    if (possible === undefined || !answers.includes(answer) || !possible.includes(answer)) {
      throw new RowgraftError('plan-edited', `the plan answers "${id}" with "${String(answer)}"`, {
        hint:
          possible === undefined
            ? 'There is no such conflict in the plan.'
            : `The answers to it are ${possible.join(', ')}.`,
      })
    }
  }
  return value
}

/** True where the answers of a plan's file are still those that its steps were made with. */
export const isAnsweredAsMade = ({ answers, answered }: Plan): boolean => {
  const ids = new Set([...Object.keys(answers), ...Object.keys(answered)])
  return [...ids].every((id) => (answers[id] ?? 'stop') === (answered[id] ?? 'stop'))
}

/** The digest of every live row that a plan is about to change, by table and key. */
const guardsOf = ({ steps }: Plan): ReadonlyMap<string, string> =>
  new Map(
    steps.flatMap(({ table, keys, live, guards = [] }) => {
      const rows = guards.length === 0 ? [] : keysOf(live ?? keys)
      return guards.map((guard, row) => [`${table}\0${rows[row]}`, guard] as const)
    }),
  )

/** Throws `plan-stale` when a table that both plans use was altered between them, or a row that both change. */
export const refuseAltered = (planned: Plan, again: Plan): void => {
  const altered = Object.entries(planned.fingerprints).find(
    ([id, known]) => again.fingerprints[id] !== undefined && again.fingerprints[id] !== known,
  )
  const now = guardsOf(again)
  const edited = [...guardsOf(planned)].find(([row, guard]) => now.has(row) && now.get(row) !== guard)
  const what =
    altered !== undefined
      ? `table "${altered[0]}" was altered`
      : edited !== undefined
        ? `a live row of "${edited[0].split('\0')[0]}" changed`
        : null
  if (what === null) return
  throw new RowgraftError('plan-stale', `${what} since the plan was made`, { hint: 'Make the plan again.' })
}
