import { describe, expect, test } from 'vitest'

import { isRowgraftError } from '../../../src/errors.ts'
import { planDocument } from '../../../src/format/plan/plan-document.ts'
import { formatPlanFile } from '../../../src/format/plan/plan-file.ts'
import { parsePlan } from '../../../src/plan/file/plan-file.ts'
import { hashPlan, type Plan } from '../../../src/plan/plan.ts'
import { makePlan, makeStep, slugTaken } from '../../format/plans.ts'

const signed = (parts: Partial<Plan> = {}): Plan => {
  const plan = makePlan({ steps: [makeStep('gallery', ['7'])], conflicts: [slugTaken], ...parts })
  return { ...plan, hash: hashPlan(plan) }
}

const refusal = (text: string): { code: string; message: string; hint: string | undefined } => {
  try {
    parsePlan(text)
  } catch (error) {
    if (isRowgraftError(error)) return { code: error.code, message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('it was not refused')
}

describe('the hash of a plan', () => {
  test('covers everything but the answers', () => {
    const plan = signed()
    expect(hashPlan({ ...plan, answers: { [slugTaken.id]: 'match' } })).toBe(plan.hash)
    expect(hashPlan({ ...plan, hash: '' })).toBe(plan.hash)
    for (const name of Object.keys(plan) as (keyof Plan)[]) {
      if (name === 'answers' || name === 'hash') continue
      expect(hashPlan({ ...plan, [name]: 'x' }), name).not.toBe(plan.hash)
      const { [name]: _, ...rest } = plan
      expect(hashPlan(rest as Plan), `without ${name}`).not.toBe(plan.hash)
    }
    expect(hashPlan({ ...plan, added: 1 } as Plan)).not.toBe(plan.hash)
  })

  test('does not depend on the order of keys or on white space', () => {
    const plan = signed()
    const turned = Object.fromEntries(Object.entries(plan).reverse())
    expect(parsePlan(JSON.stringify(turned, null, 7))).toEqual(plan)
  })

  test("does not cover the sentences of a plan's document, which are not read back", () => {
    const plan = signed({ conflicts: [slugTaken] })
    const document = JSON.stringify(planDocument(plan))
    expect(document).toContain('slug pets belongs to live row 9')
    expect(parsePlan(document)).toEqual(plan)
    expect(parsePlan(document.replace('slug pets', 'nothing'))).toEqual(plan)
  })

  test('covers the sentences of a plan of before, which are kept', () => {
    const conflicts = [{ ...slugTaken, text: 'it is taken', helps: [{ flag: '--set', does: 'gives another' }] }]
    const plan = signed({ conflicts })
    expect(parsePlan(JSON.stringify(plan))).toEqual(plan)
    expect(planDocument(plan)).toMatchObject({ conflicts })
    expect(refusal(JSON.stringify(plan).replace('it is taken', 'it is free'))).toMatchObject({ code: 'plan-edited' })
  })

  test('tells keys apart that differ in where they are split', () => {
    const [a, b] = [
      ['1', '23'],
      ['12', '3'],
    ].map((keys) => signed({ steps: [makeStep('gallery', keys)] }))
    expect(a?.hash).not.toBe(b?.hash)
  })
})

describe('a plan file', () => {
  test('is read as it was written', () => {
    const plan = signed({ answers: { [slugTaken.id]: 'skip' } })
    expect(parsePlan(formatPlanFile(plan))).toEqual(plan)
  })

  test.each([
    ['', 'the plan file is not JSON'],
    ['{"v":1', 'the plan file is not JSON'],
    ['null', 'the file is not a rowgraft plan'],
    ['7', 'the file is not a rowgraft plan'],
    ['[]', 'the file is not a rowgraft plan'],
    ['{"kind":"report","hash":""}', 'the file is not a rowgraft plan'],
    ['{"kind":"plan"}', 'the file is not a rowgraft plan'],
    ['{"kind":"plan","hash":"","v":2}', 'the plan has version 2, this rowgraft reads version 1'],
  ])('that is %s is refused as no plan', (text, message) => {
    expect(refusal(text)).toMatchObject({ code: 'bad-file', message, hint: expect.stringContaining('plan') })
  })

  test.each([
    ['a key', (plan: Plan) => ({ ...plan, steps: [makeStep('gallery', ['8'])] })],
    ['the database', (plan: Plan) => ({ ...plan, live: { ...plan.live, database: 'other' } })],
    ['an option', (plan: Plan) => ({ ...plan, options: { ...plan.options, keys: 'new' } })],
    ['the choices of a conflict', (plan: Plan) => ({ ...plan, conflicts: [] })],
    ['its hash', (plan: Plan) => ({ ...plan, hash: 'b'.repeat(64) })],
    ['its hash, to no text', (plan: Plan) => ({ ...plan, hash: null })],
    ['everything', () => ({ kind: 'plan', v: 1, hash: 'x' })],
  ])('in which %s was edited is refused', (_, edit) => {
    expect(refusal(JSON.stringify(edit(signed())))).toMatchObject({
      code: 'plan-edited',
      message: 'the plan was edited beyond its answers',
      hint: expect.stringContaining('only "answers" may be edited'),
    })
  })

  test.each([
    [{ nonsense: 'skip' }, 'the plan answers "nonsense" with "skip"', 'There is no such conflict in the plan.'],
    [{ [slugTaken.id]: 'overwrite' }, 'with "overwrite"', 'The answers to it are stop, skip, match.'],
    [{ [slugTaken.id]: 'SKIP' }, 'with "SKIP"', 'The answers to it are stop, skip, match.'],
    [{ [slugTaken.id]: null }, 'with "null"', 'The answers to it are stop, skip, match.'],
    [{ [slugTaken.id]: ['skip'] }, 'with "skip"', 'The answers to it are stop, skip, match.'],
    [null, 'the plan has no "answers" by conflict', 'Write "answers": {} for none'],
    [[], 'the plan has no "answers" by conflict', 'Write "answers": {} for none'],
    ['skip', 'the plan has no "answers" by conflict', 'Write "answers": {} for none'],
    [undefined, 'the plan has no "answers" by conflict', 'Write "answers": {} for none'],
  ])('with the answers %j is refused', (answers, message, hint) => {
    expect(refusal(JSON.stringify({ ...signed(), answers }))).toMatchObject({
      code: 'plan-edited',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
  })
})
