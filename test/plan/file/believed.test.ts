/** A plan whose hash is right may have been made by anybody: it is refused where it is not of its shape, or contradicts itself. */
import { describe, expect, test } from 'vitest'
import { isRowgraftError } from '../../../src/errors.ts'
import { parsePlan } from '../../../src/plan/file/plan-file.ts'
import { hashPlan, type Plan } from '../../../src/plan/plan.ts'
import type { Step } from '../../../src/plan/step.ts'
import { makePlan, makeStep, slugTaken } from '../../format/plans.ts'

const relation = {
  id: 'public.photo.photo_gallery_id_fkey',
  child: 'public.photo',
  columns: ['gallery_id'],
  parent: 'public.gallery',
  parentColumns: ['id'],
}

const base = makePlan({
  fingerprints: { 'public.gallery': 'f'.repeat(64), 'public.photo': 'e'.repeat(64) },
  relations: [relation],
  steps: [
    makeStep('gallery', ['7', '8']),
    makeStep('photo', ['1', '2', '3'], { because: 'child', via: relation.id, columns: ['id', 'gallery_id'] }),
    makeStep('photo', ['4'], { action: 'update', because: 'survivor', via: relation.id, columns: ['gallery_id'] }),
  ],
  conflicts: [slugTaken],
})

const sign = (plan: object): string => JSON.stringify({ ...plan, hash: hashPlan(plan) })

const refusal = (text: string): { code: string; detail: string } => {
  try {
    parsePlan(text, 'p.json')
  } catch (error) {
    if (isRowgraftError(error)) return { code: error.code, detail: `${error.message}\n${error.detail}` }
    throw error
  }
  throw new Error('it was not refused')
}

/** The plan with another step in the place of one. */
const withStep = (index: number, parts: object): object => ({
  ...base,
  steps: base.steps.map((step, own) => (own === index ? { ...step, ...parts } : step)),
})

test('the plan they are all made of is believed', () => {
  expect(parsePlan(sign(base))).toEqual({ ...base, hash: hashPlan(base) })
})

describe('a plan is not believed that', () => {
  test.each<readonly [string, object, string]>([
    ['has something that no plan has', { ...base, added: 1 }, '"added" is not known'],
    ['has something that no step has', withStep(0, { where: 'true' }), '"steps[0].where" is not known'],
    ['lacks something', withStep(1, { keys: undefined }), '"steps[1].keys" is missing'],
    ['has a step that is none', { ...base, steps: ['insert'] }, '"steps[0]" is not an object'],
    ['counts rows in fractions', withStep(0, { rows: 2.5 }), '"steps[0].rows" is not a whole number'],
    ['has a key that is a number', withStep(0, { keys: [[7, 8]] }), '"steps[0].keys[0]" is neither a list of texts'],
    ['has a NUL in a key', withStep(0, { keys: [['7', '8\x009']] }), '"steps[0].keys[0]" is neither'],
    ['has half a character in a key', withStep(0, { keys: [['7', '\ud800']] }), '"steps[0].keys[0]" is neither'],
    [
      'has packed integers that are none',
      withStep(0, { keys: [{ integers: '7 1*x' }] }),
      '"steps[0].keys[0]" is neither',
    ],
    ['has a table without a schema', withStep(0, { table: 'gallery' }), '"steps[0].table" is not the name of a table'],
    ['has an unknown reason', withStep(0, { because: 'constructor' }), '"steps[0].because" is not one of selected'],
    ['has a guard that is no digest', withStep(2, { guards: ['1,2'] }), '"steps[2].guards" is not a list of digests'],
    [
      'counts a sequence in words',
      { ...base, sequences: [{ table: 'public.photo', column: 'id', sequence: null, allocates: 0, next: 'one' }] },
      '"sequences[0].next" is not an integer',
    ],
    ['has an unknown option', { ...base, options: { ...base.options, links: 'all' } }, '"options.links" is not one of'],
    [
      'has an unknown selector',
      { ...base, selection: { selectors: [{ by: 'magic' }], columns: null } },
      '"selection.selectors[0]" has no "by" that is one of',
    ],
  ])('%s', (_, plan, says) => {
    expect(refusal(sign(plan))).toEqual({ code: 'bad-file', detail: expect.stringContaining(says) })
  })

  test.each<readonly [string, object, string]>([
    [
      'deletes, and is no undo',
      withStep(2, { action: 'delete', columns: [], guards: ['1'] }),
      '"steps[2].action" is "delete", and the plan is no undo',
    ],
    ['counts other rows than it has keys', withStep(0, { rows: 3 }), '"steps[0].keys[0]" has 2 values, for 3 rows'],
    ['has no keys', withStep(0, { keys: [] }), '"steps[0].keys" has no columns'],
    [
      'has columns of keys of another length',
      withStep(0, { keys: [['7', '8'], ['1']] }),
      '"steps[0].keys[1]" has 1 values, for 2 rows',
    ],
    [
      'makes a key anew of a row it has not',
      withStep(0, { allocate: [0, 2] }),
      '"steps[0].allocate" has position 2, of 2 rows',
    ],
    [
      'empties a reference of a row it has not',
      withStep(1, { nulled: [{ columns: ['gallery_id'], rows: [3] }] }),
      '"steps[1].nulled[0].rows" has position 3',
    ],
    [
      'empties a column it does not write',
      withStep(1, { nulled: [{ columns: ['title'], rows: [0] }] }),
      '"steps[1].nulled[0].columns" has "title"',
    ],
    [
      'has live keys of rows to insert',
      withStep(0, { live: [['9', '10']] }),
      '"steps[0].live" does not go with insert',
    ],
    ['updates without guards', withStep(2, { because: 'selected', via: null }), '"steps[2].guards" is missing'],
    [
      'uses a table of no fingerprint',
      { ...base, fingerprints: {} },
      '"steps[0].table" is "public.gallery", which "fingerprints" has not',
    ],
    [
      'comes by a relation it has not',
      { ...base, relations: [] },
      '"steps[1].via" is "public.photo.photo_gallery_id_fkey", which "relations" has not',
    ],
    [
      'comes by a relation of other tables',
      withStep(1, { because: 'parent' }),
      'by which no parent of "public.photo" comes',
    ],
    ['came by nothing', withStep(1, { via: null }), '"steps[1].via" is null for "child"'],
    ['re-links other columns', withStep(2, { columns: ['title'] }), '"steps[2].columns" has others than those of'],
    ['updates before it inserts', { ...base, steps: [...base.steps].reverse() }, 'is to insert, after one to update'],
    ['inserts a row twice', withStep(0, { keys: [['7', '7']] }), '"steps[0].keys" has 7 once more'],
    [
      'inserts a row in two steps',
      { ...base, steps: [base.steps[0], base.steps[0]] },
      '"steps[1].keys" has 7 once more',
    ],
    [
      'inserts a row that is stood in for',
      { ...base, standIns: [{ table: 'public.gallery', why: 'match', backup: [['8']], live: [['9']] }] },
      '"standIns[0].backup" has 8 once more',
    ],
    [
      'stands in for more rows than by',
      { ...base, standIns: [{ table: 'public.gallery', why: 'match', backup: [['9']], live: [[]] }] },
      '"standIns[0].live[0]" has 0 values',
    ],
    [
      'has a conflict under another name',
      { ...base, conflicts: [{ ...slugTaken, id: 'other' }] },
      '"conflicts[0].id" is "other"',
    ],
    ['has a conflict twice', { ...base, conflicts: [slugTaken, slugTaken] }, '"conflicts[1]" is'],
    [
      'was made with an answer that is none',
      { ...base, answered: { [slugTaken.id]: 'overwrite' } },
      'is "overwrite", which no conflict takes',
    ],
    ['has no backup', { ...base, backup: null }, '"backup" is null, and the plan is no undo'],
    [
      'has more rows than there is room for',
      withStep(0, { rows: 10_000_000_000, keys: [{ integers: '1 1*9999999999' }] }),
      '"steps[0].rows" is 10000000000',
    ],
    [
      'gives a value of which it does not tell',
      { ...base, options: { ...base.options, set: [{ table: 'public.photo', column: 'gallery_id', value: '9' }] } },
      '"options.set[0]" is not among "edits"',
    ],
  ])('%s', (_, plan, says) => {
    expect(refusal(sign(plan))).toEqual({ code: 'plan-edited', detail: expect.stringContaining(says) })
    expect(refusal(sign(plan)).detail).toContain('In the file "p.json".')
  })

  test.each<readonly [string, string, string]>([
    ['begins with a byte order mark', `\ufeff${sign(base)}`, 'byte order mark'],
    ['is two', `${sign(base)}\n${sign(base)}`, 'not JSON'],
    ['is cut off', sign(base).slice(0, -20), 'not JSON'],
    [
      'is nested without end',
      `{"kind":"plan","hash":"","v":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'nested more than 100 levels',
    ],
    [
      'counts to infinity',
      sign(withStep(0, { rows: 0 })).replace('"rows":0', '"rows":1e999'),
      'edited beyond its answers',
    ],
  ])('%s', (_, text, says) => {
    expect(refusal(text).detail).toContain(says)
  })

  test('names the place where its hash does not fit, too', () => {
    const { steps: _, ...rest } = base
    expect(refusal(JSON.stringify({ ...rest, hash: hashPlan(base) }))).toEqual({
      code: 'plan-edited',
      detail: expect.stringContaining('"steps" is missing'),
    })
  })
})

test('names that objects have from birth are names like any other', () => {
  const sources = {
    'public.photo': {
      schema: 'public',
      name: 'photo',
      columns: JSON.parse('{"__proto__":{"column":"a"},"constructor":{"column":"b"}}'),
    },
  }
  expect(parsePlan(sign({ ...base, sources })).sources).toEqual(sources)
  const wrong = JSON.parse('{"public.photo":{"schema":"public","name":"photo","columns":{"__proto__":7}}}')
  expect(refusal(sign({ ...base, sources: wrong }))).toEqual({
    code: 'bad-file',
    detail: expect.stringContaining('"sources["public.photo"].columns.__proto__" is not an object'),
  })
})

test('an undo deletes, and has neither backup nor relations', () => {
  const step: Step = makeStep('gallery', ['7'], { action: 'delete', because: 'undo', columns: [], guards: ['5'] })
  const undo: Plan = {
    ...base,
    backup: null,
    undoes: 'k3f9',
    digest: { method: 'hash', value: '' },
    steps: [step],
    relations: [],
    conflicts: [],
  }
  expect(parsePlan(sign(undo)).steps).toEqual([step])
  expect(refusal(sign({ ...undo, steps: [{ ...step, because: 'selected' }] })).detail).toContain('the plan is an undo')
})
