/**
 * What a run does between BEGIN and COMMIT, statement by statement: on a transaction of live, or into a script that somebody else runs.
 */

import { sql } from 'kysely'
import type { Catalog } from '../catalog/catalog.ts'
import { type SharedCatalog, shareCatalogs } from '../catalog/shared.ts'
import { list, type Query } from '../database/names.ts'
import type { Reader, Writer } from '../database/session/reader.ts'
import type { WriteOptions } from '../database/transaction.ts'
import type { Plan } from '../plan/plan.ts'
import { lockRoom } from '../sql/lock-room.ts'
import type { Transforms } from '../transform/transform.ts'
import type { HookTime } from './hooks.ts'
import { allocateKeys, raiseSequences } from './keys/allocate.ts'
import { createMaps } from './keys/create-maps.ts'
import { refuseDisagreement, refuseTaken } from './keys/taken.ts'
import { refuseStrangers } from './references/parents.ts'
import { refuseReferences } from './references/referring.ts'
import type { Report, RunOptions, RunProgress } from './run.ts'
import { stageConditions } from './stage/conditional-rows.ts'
import { roundValues } from './stage/rounded.ts'
import { digestStage, stageFromBackup } from './stage/stage.ts'
import { spellTransformed } from './stage/stage-transformed.ts'
import type { Layout } from './stage/staged.ts'
import { withLiveSearchPath } from './transaction-start.ts'
import { readKnownRows } from './undo/known-rows.ts'
import { stageFromJournal } from './undo/undo.ts'
import { gatherRefusals, throwRefusals } from './undo/undo-refusals.ts'
import { refuseDefaultPartitions } from './verify/partitions.ts'
import { setBack } from './verify/set-back.ts'
import { validateConstraints } from './verify/validate.ts'
import { type Verified, verifyRows, type Witness } from './verify/verify.ts'
import { moveAside } from './write/aside.ts'
import { checkGuards, keepImages, lockRows, type Refusal } from './write/guards.ts'
import { insertRows } from './write/insert.ts'
import { applyNulls, deleteRows, updateRows } from './write/write.ts'

/** Where the rows come from: the backup's snapshot, or the images in another run's journal. */
export type RowSource =
  | { readonly kind: 'backup'; readonly reader: Reader; readonly catalog: Catalog; readonly transforms: Transforms }
  | { readonly kind: 'journal'; readonly path: string }

/** What is run, and from where. */
export interface Performance {
  readonly plan: Plan
  readonly source: RowSource
  /** Runs the config file's SQL for this moment. */
  readonly runHooks: (when: HookTime) => Promise<void>
  readonly onProgress: RunProgress
}

/** What live and the source share, as the plan has it. */
export const shareWithSource = (live: Catalog, source: RowSource, plan: Plan): SharedCatalog =>
  shareCatalogs(live, source.kind === 'backup' ? source.catalog : live, plan.declared)

/** Limits and settings of the transaction of a run. */
export const transactionOf = (
  { options: { triggers } }: Plan,
  { timeout, lockTimeout }: Pick<RunOptions, 'timeout' | 'lockTimeout'>,
): Required<Pick<WriteOptions, 'timeouts' | 'settings'>> => ({
  timeouts: { statement: timeout, lock: lockTimeout, idle: Math.max(timeout, 300_000) },
  settings: [['search_path', ''], ...(triggers === 'off' ? [['session_replication_role', 'replica'] as const] : [])],
})

interface Writing extends Performance {
  readonly catalog: SharedCatalog
  /** What a fresh connection has. */
  readonly searchPath: string | Query
  readonly witness: Witness | null
}

const refusals: Readonly<Record<RowSource['kind'], Refusal>> = {
  backup: { code: 'plan-stale', hint: 'Make the plan again: live has changed since.' },
  journal: {
    code: 'undo-refused',
    hint: 'Somebody changed these rows after the run: an undo would take that back too. Undo it by hand.',
  },
}

/** Everything up to the first write: stage, locks, guards, keys. Returns the sequences that moved, and what was rounded. */
export const prepareRows = async (
  writer: Writer,
  layout: Layout,
  {
    plan,
    source,
    catalog,
    runHooks,
    onProgress,
    batchSize,
  }: Performance & { readonly batchSize: number; readonly catalog: SharedCatalog },
): Promise<{ readonly raised: readonly string[] } & Pick<Report, 'rounded'>> => {
  const rounded: Report['rounded'][number][] = []
  const accepted = new Set(plan.options.acceptRounding)
  const room = lockRoom([...layout.tables.values()].map(({ table }) => table.live))
  if (room !== null) await writer.check(room)
  if (source.kind === 'backup') {
    const { reader: backup, transforms } = source
    await stageFromBackup(writer, layout, { backup, transforms, batchSize, onProgress })
    onProgress({ stage: 'digest' })
    await checkDigest(writer, plan, layout)
    for (const staged of layout.tables.values()) {
      if (transforms.has(staged.table.id)) await spellTransformed(writer, staged)
    }
    await stageConditions(writer, layout, { backup, batchSize })
    for (const staged of layout.tables.values()) await applyNulls(writer, staged)
    for (const staged of layout.tables.values()) rounded.push(...(await roundValues(writer, staged, accepted)))
  } else await stageFromJournal(writer, layout, { path: source.path, onProgress })
  await runHooks('before')
  await createMaps(writer, layout)
  onProgress({ stage: 'lock' })
  if (source.kind === 'journal') await refuseTouched(writer, layout, { catalog, path: source.path })
  else await checkRows(writer, layout, refusals.backup)
  const raised: string[] = []
  onProgress({ stage: 'allocate' })
  for (const staged of layout.tables.values()) raised.push(...(await raiseSequences(writer, staged)))
  await allocateKeys(writer, layout)
  for (const staged of layout.tables.values()) {
    await refuseDisagreement(writer, layout, staged)
    await refuseTaken(writer, layout, staged)
  }
  onProgress({ stage: 'images' })
  await keepImages(writer, layout)
  return { raised, rounded }
}

const checkRows = async (writer: Writer, layout: Layout, refusal: Refusal): Promise<void> => {
  await lockRows(writer, layout, refusal)
  await checkGuards(writer, layout, refusal)
}

/** Names all that somebody did since to rows that an undo takes back, or below them; what it updates may refer to them until it does. */
const refuseTouched = async (
  writer: Writer,
  layout: Layout,
  { catalog, path }: { readonly catalog: SharedCatalog; readonly path: string },
): Promise<void> => {
  const found = gatherRefusals()
  await checkRows(found.asking(writer), layout, refusals.journal)
  if (found.found.length === 0) return
  const known = await readKnownRows(writer, path)
  await found.attempt(() => refuseReferences(writer, layout, { catalog, known, spared: ['update', 'delete'] }))
  throwRefusals(found)
}

const checkDigest = async (writer: Writer, plan: Plan, layout: Layout): Promise<void> => {
  const digests = [...layout.tables.values()].map((staged) => digestStage(staged, plan.digest.method))
  await writer.check({
    query: sql`select (${list([sql`0::bigint`, ...digests], ' # ')})::text`,
    expect: { row: [plan.digest.value] },
    code: 'plan-stale',
    message: () => 'the rows of the backup are not those the plan was made from',
    detail: "The digest of the rows' images differs from the plan's.",
    hint: 'Make the plan again.',
  })
}

/** Writes, checks and verifies, with the search_path that live's own triggers expect. */
export const writeRows = async (
  writer: Writer,
  layout: Layout,
  { plan, source, catalog, searchPath, witness, runHooks, onProgress }: Writing,
): Promise<Verified & Pick<Report, 'replaced' | 'setBack' | 'kept'>> => {
  const accepted = new Set(plan.options.acceptTrigger)
  const written = await withLiveSearchPath(writer, searchPath, async () => {
    await moveAside(writer, layout)
    const gaveWay = await insertRows(writer, layout, { catalog, onProgress })
    await updateRows(writer, layout, onProgress)
    if (source.kind === 'journal') {
      const known = await readKnownRows(writer, source.path)
      await refuseReferences(writer, layout, { catalog, known, spared: ['delete'] })
    }
    await deleteRows(writer, layout, { catalog, onProgress })
    onProgress({ stage: 'constraints' })
    // Deferred triggers count as well; those that wait for the SQL that comes after are left waiting.
    if (plan.options.hooks.after.length === 0) await writer.execute(sql`set constraints all immediate`)
    return { replaced: gaveWay, ...(await setBack(writer, layout, accepted)) }
  })
  await runHooks('after')
  onProgress({ stage: 'constraints' })
  await withLiveSearchPath(writer, searchPath, async () => {
    await writer.execute(sql`set constraints all immediate`)
    if (plan.options.triggers === 'off') await validateConstraints(writer, layout)
  })
  await refuseDefaultPartitions(writer, layout)
  if (source.kind === 'backup' && writer.canRead) {
    await refuseStrangers(writer, layout, { plan, catalog, backup: source.reader })
  }
  return { ...written, ...(await verifyRows(writer, layout, { accepted, witness, onProgress })) }
}
