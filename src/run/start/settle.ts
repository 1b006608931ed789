/** What is refused before a run begins: runs that are still open, other hooks or another config than planned, size, protection. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { shellWord } from '../../database/display.ts'
import type { Acting } from '../../database/session/session-options.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { ConfiguredOptions } from '../../open/configured.ts'
import type { OpenOptions, OpenPair, OpenSide } from '../../open/connect.ts'
import { backupOf } from '../../open/side.ts'
import { ConflictError } from '../../plan/conflicts.ts'
import { refuseOtherSources } from '../../plan/notes/drift.ts'
import { openConflicts, type Plan } from '../../plan/plan.ts'
import { findNever } from '../../rows/never.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { withEdits } from '../../transform/edited.ts'
import type { Transforms } from '../../transform/transform.ts'
import type { RunOptions } from '../run.ts'

export interface StartRunInput {
  readonly pair: OpenPair
  /** Live and the backup as the config file wants them seen. */
  readonly catalog: SharedCatalog
  /** Every answer of it is known to be in its steps. */
  readonly plan: Plan
  readonly options: Partial<RunOptions>
  readonly opened: OpenOptions
  /** Journal folder. */
  readonly folder: string
  readonly withSides: <T>(work: (sides: Sides) => Promise<T>) => Promise<T>
}

/** Throws a `ConflictError` of what has no answer. */
export const refuseOpen = (plan: Plan): void => {
  const open = openConflicts(plan)
  if (open.length === 0) return
  throw new ConflictError(`${open.length} conflict(s) of the plan have no answer`, {
    conflicts: open.slice(0, 20),
    hint: 'Answer them with --on-conflict [table=]answer, or in the "answers" of the plan file.',
  })
}

const canonical = ({ role, settings }: Acting): string => JSON.stringify([role, Object.entries(settings).sort()])

/** SQL in a plan runs only where the config file says the same: a plan is no way to bring SQL in. */
const refuseOtherHooks = (plan: Plan, { hooks }: ConfiguredOptions): void => {
  for (const when of ['before', 'after'] as const) {
    if (JSON.stringify(plan.options.hooks[when]) === JSON.stringify(hooks[when])) continue
    throw new RowgraftError('plan-stale', `the plan was made with other ${when} SQL than the config file has`, {
      hint: 'Make the plan again, or give the config file it was made with by --config.',
    })
  }
}

/** Throws unless the config is what the plan was made with: its privileges were judged for that role. */
export const refuseOtherConfig = (plan: Plan, configured: ConfiguredOptions): void => {
  refuseOtherHooks(plan, configured)
  if (canonical(plan.options) === canonical(configured)) return
  const { role, settings } = plan.options
  const names = Object.keys(settings)
  throw new RowgraftError('usage', 'the plan acts on live as somebody else than this connection does', {
    detail: `It was made for ${role === null ? 'the role that connects' : `role ${role}`}${names.length === 0 ? '' : `, with ${names.join(', ')} set`}.`,
    hint: 'Open live with the role and the settings of the plan, or make the plan again.',
  })
}

/** The backup, and its catalog as the plan edits it. Throws where its tables are not those the plan was made from. */
export const plannedBackup = ({
  catalog,
  plan,
  opened,
  pair,
}: Pick<StartRunInput, 'catalog' | 'plan' | 'opened' | 'pair'>): {
  readonly backup: OpenSide
  readonly catalog: Catalog
  readonly transforms: Transforms
} => {
  const backup = backupOf(pair)
  const edited = withEdits(catalog, opened.config?.transforms, plan.options)
  refuseOtherSources(plan, edited.catalog.backup)
  return { backup, catalog: edited.catalog.backup, transforms: edited.transforms }
}

/** Throws `usage` for what cannot be had of a plan whose rows a transform of the config file makes. */
export const refuseTransformed = ({ sources }: Plan, flag: string): void => {
  const [id] = Object.entries(sources).find(([, { isTransformed }]) => isTransformed) ?? []
  if (id === undefined) return
  throw new RowgraftError('usage', `${flag} does not go with a transform: the config file has one of "${id}"`, {
    hint: `Leave out ${flag}, or the transform.`,
  })
}

/** SQL in a plan runs only where the config file says the same: a plan is no way to bring SQL in. */
const refuseOtherConditions = ({ declared }: Plan, { declarations }: SharedCatalog): void => {
  const known = new Set(declarations.relations.map((relation) => JSON.stringify(relation)))
  for (const relation of declared?.relations ?? []) {
    if (relation.condition?.by !== 'sql' || known.has(JSON.stringify(relation))) continue
    throw new RowgraftError(
      'plan-stale',
      `the plan follows ${relation.child}.${relation.name}, which the config file does not declare so`,
      {
        detail: `where ${relation.condition.sql}`,
        hint: 'Make the plan again, or give the config file it was made with by --config.',
      },
    )
  }
}

/** Rows which the config file bars are neither brought back nor written to. */
const refuseNever = async (sides: Sides, plan: Plan): Promise<void> => {
  for (const { table: id, keys } of plan.steps) {
    if (!sides.catalog.never.has(id)) continue
    const table = tableOf(sides.catalog, id)
    const [first, ...more] = await findNever(sides, table, keysOf(keys))
    if (first === undefined) continue
    throw new RowgraftError('plan-stale', `the plan has ${more.length + 1} row(s) of "${id}" that must not come back`, {
      detail: `"never" in the config file bars them, for example row ${displayKey(first)}.`,
      hint: 'Make the plan again: it leaves them out.',
    })
  }
}

/** Throws `plan-stale` for a plan that follows other conditions than the config file has, or has rows which that bars. */
export const checkDeclared = async (
  plan: Plan,
  catalog: SharedCatalog,
  withSides: (check: (sides: Sides) => Promise<void>) => Promise<void>,
): Promise<void> => {
  refuseOtherConditions(plan, catalog)
  if (catalog.never.size > 0) await withSides((sides) => refuseNever(sides, plan))
}

const mostRows = 1_000_000

const mostBytes = 1_000_000_000

/** Rows that a plan writes. */
const rowsOf = ({ steps }: Pick<Plan, 'steps'>): number => steps.reduce((sum, { rows }) => sum + rows, 0)

/** Throws `decision-needed` for a plan that is too large for one transaction unless somebody says so. */
export const refuseLarge = (plan: Plan, { big }: { readonly big: boolean }): void => {
  const rows = rowsOf(plan)
  if (big || (rows <= mostRows && plan.bytes <= mostBytes)) return
  const bytes = plan.bytes > mostBytes ? `, about ${Math.round(plan.bytes / 1e8) / 10} GB` : ''
  throw new RowgraftError(
    'decision-needed',
    `the plan writes ${rows === 1 ? '1 row' : `${rows} rows`}${bytes} in one transaction; live is unchanged`,
    {
      detail: 'More than a million rows or a gigabyte take long: locks are held, vacuum and standbys wait.',
      hint:
        plan.undoes === null
          ? 'Use --big for one transaction all the same, or --commit-every <rows> for several that are complete in themselves.'
          : 'Use --big to do it all the same.',
    },
  )
}

/** True: live's name must be given; `refuse`: nothing is ever written to it. */
export type Protection = boolean | 'refuse'

/** Throws `protected` unless the run may write to this database. A rehearsal, which writes nothing, may always. */
export const refuseProtected = (
  protection: Protection,
  database: string,
  { rehearse, confirm }: Pick<RunOptions, 'rehearse' | 'confirm'>,
): void => {
  if (confirm !== null && confirm !== database) {
    throw new RowgraftError('protected', `live is "${database}", not "${confirm}"; live is unchanged`, {
      hint: 'Check --live and --profile, then confirm with the name of the database.',
    })
  }
  if (rehearse || protection === false) return
  if (protection === 'refuse') {
    throw new RowgraftError('protected', `live "${database}" is protected: nothing is ever written to it`, {
      detail: "The config file says protect: 'refuse'.",
      hint: 'Use --rehearse to try it without writing, or restore into another database.',
    })
  }
  if (confirm !== null) return
  throw new RowgraftError('protected', `live "${database}" is protected: it must be confirmed by its name`, {
    hint: `Read the plan, then run the same command again with --confirm ${shellWord(database)}.`,
  })
}
