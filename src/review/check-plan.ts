/** What must hold of a plan that may have been read back, before anything of it is used on these databases. */
import type { SharedCatalog } from '../catalog/shared.ts'
import { RowgraftError } from '../errors.ts'
import { refuseUnfit } from '../plan/file/fits.ts'
import { refuseOtherSources } from '../plan/notes/drift.ts'
import { hashPlan, type Plan } from '../plan/plan.ts'
import { type GivenTransforms, withEdits } from '../transform/edited.ts'

/** Throws `plan-edited` where the hash is not that of the plan: its journal would not be believed. */
export const refuseOtherHash = (plan: Plan): void => {
  if (hashPlan(plan) === plan.hash) return
  throw new RowgraftError('plan-edited', 'the plan was edited beyond its answers', {
    detail: 'Its hash covers everything but "answers".',
    hint: 'Make the plan again with the options that say what you want.',
  })
}

/** Throws `plan-stale` unless a plan of a restore is one of these databases and of this config file. */
export const checkRestore = (plan: Plan, catalog: SharedCatalog, transforms: GivenTransforms): void => {
  const edited = withEdits(catalog, transforms, plan.options).catalog
  refuseOtherSources(plan, edited.backup)
  refuseUnfit(plan, edited)
}

/** Throws `plan-stale` unless a plan of an undo is the one that the journal of the run gives; `again` is that. */
export const checkUndo = (plan: Plan, again: Plan): void => {
  if (hashPlan({ ...again, made: plan.made }) === plan.hash) return
  throw new RowgraftError('plan-stale', `the plan is not what takes back run ${plan.undoes} by its journal`, {
    hint: `Run "rowgraft undo ${plan.undoes}".`,
  })
}
