import type { Conflict } from '../../src/plan/conflicts.ts'
import { defaultPlanOptions } from '../../src/plan/options.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { PlanRelation, Step } from '../../src/plan/step.ts'
import type { Report } from '../../src/run/run.ts'

const identity = { database: 'shop', system: '1', oid: '2', source: null }

/** A plan without anything in it, but for the parts given. */
export const makePlan = (parts: Partial<Plan> = {}): Plan => ({
  v: 1,
  kind: 'plan',
  made: '2026-11-19T02:00:00Z',
  live: identity,
  backup: identity,
  undoes: null,
  selection: { selectors: [], columns: null },
  options: defaultPlanOptions,
  digest: { method: 'hash', value: '0' } as unknown as Plan['digest'], // the text does not depend on it
  fingerprints: Object.fromEntries((parts.steps ?? []).map(({ table }) => [table, 'f'.repeat(64)])),
  steps: [],
  standIns: [],
  relations: [],
  conflicts: [],
  leftOut: [],
  notInBackup: [],
  coverage: [],
  unchanged: [],
  alreadyLinked: [],
  alsoMissing: [],
  lost: [],
  triggers: [],
  sequences: [],
  defaults: [],
  narrower: [],
  materialisedViews: [],
  missingFiles: [],
  aside: [],
  notUndoable: [],
  locksParents: false,
  bytes: 0,
  footprint: null,
  sources: {},
  edits: [],
  notFollowed: [],
  notes: [],
  answers: {},
  answered: {},
  hash: 'a'.repeat(64),
  ...parts,
})

/** A step that inserts the rows of these keys, each `7` or `7,101`. */
export const makeStep = (table: string, keys: readonly string[], parts: Partial<Step> = {}): Step => {
  const rows = keys.map((key) => key.split(','))
  return {
    action: 'insert',
    table: `public.${table}`,
    because: 'selected',
    via: null,
    columns: ['id'],
    rows: keys.length,
    keys: (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? '')),
    ...parts,
  }
}

/** A relation that steps name as what their rows came by. */
export const makeRelation = (child: string, name: string, parent: string): PlanRelation => ({
  id: `public.${child}.${name}`,
  child: `public.${child}`,
  columns: [`${parent}_id`],
  parent: `public.${parent}`,
  parentColumns: ['id'],
})

export const slugTaken: Conflict = {
  id: 'public.gallery:7:unique taken:gallery_slug_key',
  kind: 'unique taken',
  table: 'public.gallery',
  key: '7',
  constraint: 'gallery_slug_key',
  columns: ['slug'],
  values: ['pets'],
  live: ['9'],
  answers: [{ answer: 'stop' }, { answer: 'skip' }, { answer: 'match' }],
}

export const makeReport = (parts: Partial<Report> = {}): Report => ({
  v: 1,
  run: 'k3f9',
  runs: ['k3f9'],
  outcome: 'committed',
  units: null,
  stopped: null,
  tables: [],
  keys: [],
  changedKeys: [],
  leftOut: [],
  notInBackup: [],
  coverage: [],
  verified: true,
  complete: true,
  replaced: [],
  setBack: [],
  rounded: [],
  kept: [],
  stays: [],
  triggerChanges: [],
  generatedDifferences: [],
  hooks: [],
  left: { keysFiles: [], missingFiles: [], materialisedViews: [], firedOutward: [], notFired: [] },
  remains: [],
  elapsed: 612,
  ...parts,
})
