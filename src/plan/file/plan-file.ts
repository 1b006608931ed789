/** A plan as a file: believed when it is one of ours, whole, and does not contradict itself. Pure. */
import { parseJson } from '../../documents/json.ts'
import { type Flaw, findFlaw } from '../../documents/shape.ts'
import { RowgraftError } from '../../errors.ts'
import { keysOf } from '../../keys/key-columns.ts'
import { hashPlan, type Plan } from '../plan.ts'
import { findContradiction } from './consistent.ts'
import { planShape } from './plan-shape.ts'
import { withoutSentences } from './sentences.ts'

const isPlan = (value: unknown): value is Pick<Plan, 'kind' | 'hash'> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'plan' && 'hash' in value

/** How a flaw is told: `"steps[2].rows" is missing`. */
const tell = ({ place, why }: Flaw): string => (place === '' ? `It ${why}.` : `"${place}" ${why}.`)

/** Refuses what is not as it should be, naming the file where there is one. */
type Refuse = (
  code: 'bad-file' | 'plan-edited',
  message: string,
  told: { readonly detail?: string | undefined; readonly hint: string },
) => RowgraftError

const refusing =
  (path: string | undefined): Refuse =>
  (code, message, { detail, hint }) => {
    const lines = [...(path === undefined ? [] : [`In the file "${path}".`]), ...(detail === undefined ? [] : [detail])]
    return new RowgraftError(code, message, { detail: lines.length === 0 ? undefined : lines.join('\n'), hint })
  }

/** The hash says nothing of the answers: they may have become anything. */
const checkAnswers = ({ answers, conflicts }: Plan, refuse: Refuse): void => {
  if (typeof answers !== 'object' || answers === null || Array.isArray(answers)) {
    throw refuse('plan-edited', 'the plan has no "answers" by conflict', {
      hint: 'Write "answers": {} for none, or {"<id of a conflict>": "<answer>"}.',
    })
  }
  const known = new Map(conflicts.map((conflict) => [conflict.id, conflict]))
  for (const [id, answer] of Object.entries<unknown>(answers)) {
    const possible = known.get(id)?.answers.map((choice): unknown => choice.answer)
    if (possible?.includes(answer)) continue
    throw refuse('plan-edited', `the plan answers "${id}" with "${String(answer)}"`, {
      detail: `"answers" has it.`,
      hint:
        possible === undefined
          ? 'There is no such conflict in the plan.'
          : `The answers to it are ${possible.join(', ')}.`,
    })
  }
}

/**
 * Parses a plan file. Throws `bad-file` for anything that is no plan of this version, `plan-edited` when the hash does not fit, the plan
 * contradicts itself, or an answer is none. `path` is named in what it throws.
 */
export const parsePlan = (text: string, path?: string): Plan => {
  const refuse = refusing(path)
  const parsed = parseJson(text)
  if ('why' in parsed) {
    throw refuse('bad-file', 'the plan file is not JSON', {
      detail: parsed.why,
      hint: 'Make it with "rowgraft plan ... --out plan.json".',
    })
  }
  const { value } = parsed
  if (!isPlan(value)) {
    throw refuse('bad-file', 'the file is not a rowgraft plan', {
      hint: 'Make it with "rowgraft plan ... --out plan.json".',
    })
  }
  if (!('v' in value) || value.v !== 1) {
    const version = 'v' in value ? JSON.stringify(value.v) : 'none'
    throw refuse('bad-file', `the plan has version ${version}, this rowgraft reads version 1`, {
      hint: 'Make the plan again with this rowgraft.',
    })
  }
  // A plan of before is hashed with its sentences.
  const isWhole = hashPlan(value) === value.hash
  const facts = isWhole ? value : withoutSentences(value)
  // An answer is refused by what the conflict takes, once it is known that there are conflicts.
  const flaw = findFlaw(planShape, { ...facts, answers: {} })
  if (!isWhole && hashPlan(facts) !== value.hash) {
    throw refuse('plan-edited', 'the plan was edited beyond its answers', {
      detail: ['Its hash covers everything but "answers".', ...(flaw === null ? [] : [tell(flaw)])].join('\n'),
      hint: 'Make the plan again with the flags that say what you want; only "answers" may be edited.',
    })
  }
  if (flaw !== null) {
    throw refuse('bad-file', 'the plan was made by another version of rowgraft', {
      detail: tell(flaw),
      hint: 'Make the plan again with this rowgraft.',
    })
  }
  // Of this shape, as has just been found.
  const plan = facts as Plan
  const contradiction = findContradiction(plan)
  if (contradiction !== null) {
    throw refuse('plan-edited', 'the plan contradicts itself', {
      detail: tell(contradiction),
      hint: 'Make the plan again with "rowgraft plan ... --out plan.json".',
    })
  }
  checkAnswers(plan, refuse)
  return plan
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
export const refuseChanged = (planned: Plan, again: Plan): void => {
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
