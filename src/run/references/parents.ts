/**
 * Parents that rows come back to, and that live has had all the time: what the plan saw of them may be over. Those written since are held
 * against the backup again, and a row that may be another record by now stops the run. Nearly always there is none: one join a relation.
 * It is asked once the rows are in, and hold on to their parents: from then on nobody can put another record in a parent's place.
 */
import { sql } from 'kysely'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import { all, any, column, list, type Query } from '../../database/names.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import type { Plan } from '../../plan/plan.ts'
import { weighLikeness } from '../../rows/records/likeness.ts'
import { openSides, tableOf } from '../../rows/sides.ts'
import { nothingDecided, StateCache } from '../../rows/state-cache.ts'
import { readPresent } from '../../rows/states.ts'
import { joinRelation } from '../../sql/references.ts'
import { asText, fromTable, isSet } from '../../sql/rows.ts'
import { oidOf } from '../../sql/tree.ts'
import { inRange, type Layout, type StagedTable } from '../stage/staged.ts'

interface Origin {
  readonly plan: Plan
  readonly catalog: SharedCatalog
  readonly backup: Reader
}

/** Throws where a row that the run's rows will refer to was written since the plan was made, and may be another record by now. */
export const refuseStrangers = async (
  writer: Writer,
  layout: Layout,
  { plan, catalog, backup }: Origin,
): Promise<void> => {
  const written = await findWrittenSince(writer, layout, { plan, catalog, backup })
  if (written.size === 0) return
  const sides = await openSides({ live: writer, backup, catalog, restored: new Map() })
  const states = new StateCache(sides, nothingDecided)
  // The rows of the run itself prove nothing.
  const hasStayed = (alias: string): Query => sql`not ${isWrittenSince(alias, plan)}`
  const strangers = new Set<string>()
  const weigh = async (table: SharedTable, keys: readonly string[]): Promise<void> => {
    const known = await states.read(table, keys)
    const differing = new Map(
      [...known].flatMap(([key, state]) => (state.state === 'changed' ? [[key, state.columns] as const] : [])),
    )
    const likenesses = await weighLikeness({ sides, states, hasStayed }, table, differing)
    for (const [key, { state }] of known) {
      const isOther = state === 'reused' || likenesses.get(key)?.isClear === false
      if (isOther && !isAnswered(plan, table, key)) strangers.add(`${table.id} ${displayKey(key)}`)
    }
  }
  for (const [table, keys] of written) {
    const known = [...(await readPresent(backup, table, [...keys]))]
    await weigh(table, known)
    // What is nothing without another row may be as it was, while that one is not.
    const owners = known.flatMap((key) => states.changedOwners(table.id, key))
    for (const [id, own] of Map.groupBy(owners, (owner) => owner.table)) {
      await weigh(tableOf(catalog, id), [...new Set(own.map(({ key }) => key))])
    }
  }
  if (strangers.size === 0) return
  throw new RowgraftError(
    'plan-stale',
    `${strangers.size === 1 ? 'a live row' : `${strangers.size} live rows`} that rows of the plan refer to may be other records by now`,
    { detail: [...strangers].slice(0, 10).join('\n'), hint: 'Make the plan again: live has changed since.' },
  )
}

/** Somebody has said that live's row is to be taken for it. */
const isAnswered = ({ conflicts, answers }: Plan, table: SharedTable, key: string): boolean =>
  conflicts.some(
    (conflict) =>
      conflict.kind === 'parent changed' &&
      conflict.table === table.id &&
      conflict.key === displayKey(key) &&
      answers[conflict.id] === 'attach',
  )

/** Packed keys of parents that the run itself does not write, and that were written since the plan was made. */
const findWrittenSince = async (
  writer: Writer,
  layout: Layout,
  { plan, catalog }: Origin,
): Promise<ReadonlyMap<SharedTable, ReadonlySet<string>>> => {
  const found = new Map<SharedTable, Set<string>>()
  if (plan.unseenFrom === undefined || plan.undoes !== null) return found
  for (const staged of layout.tables.values()) {
    for (const relation of catalog.relations) {
      const parent = catalog.tables.get(relation.parent)
      const ranges = referringRanges(staged, relation)
      const isKnown = relation.child === staged.table.id && relation.condition === null && ranges.length > 0
      if (!isKnown || parent === undefined || parent.hidden !== null || parent.identity.length === 0) continue
      if (!(await hasTransactionIds(writer, parent))) continue
      const own = layout.tables.get(parent.id)
      const isOwn =
        own === undefined
          ? sql``
          : sql`and not exists (select from ${own.stage} as o where ${all(
              parent.identity.map((name) => sql`${column('o', name)} = ${column('p', name)}`),
            )})`
      const rows = await writer.rows(sql`
        select distinct ${asText('p', parent.identity)}
        from (
          select distinct ${list(relation.columns.map((name) => column('s', name)))}
          from ${staged.stage} as s
          where ${any(ranges.map((range) => inRange('s', range)))} and ${isSet('s', relation.columns)}) as s
        join ${fromTable(parent.live)} as p on ${joinRelation(relation, 's', 'p')}
        where ${isWrittenSince('p', plan)} ${isOwn}`)
      const keys = found.get(parent) ?? new Set<string>()
      for (const row of rows) keys.add(packKey(row))
      if (keys.size > 0) found.set(parent, keys)
    }
  }
  return found
}

/** The staged rows whose reference is written. */
const referringRanges = (
  staged: StagedTable,
  { columns }: Relation,
): readonly StagedTable['steps'][number]['range'][] =>
  staged.steps
    .filter(({ step }) => step.action === 'insert' || columns.some((name) => step.columns.includes(name)))
    .map(({ range }) => range)

/** The transaction that last wrote the row was not over when the plan was made; or live does not know of such a time. */
const isWrittenSince = (alias: string, { unseenFrom = '0' }: Plan): Query =>
  sql`(pg_catalog.age(${column(alias, 'xmin')})::numeric
      <= pg_catalog.pg_current_xact_id()::text::numeric - ${unseenFrom}::text::numeric
    or pg_catalog.pg_current_xact_id()::text::numeric < ${unseenFrom}::text::numeric)`

/** `xmin` can be read: a privilege by column does not cover it, and not every PostgreSQL-compatible server has it. */
const hasTransactionIds = async (writer: Writer, { live }: SharedTable): Promise<boolean> => {
  if (!live.canSelect) return false
  const rows = await writer.rows(sql`
    select 1 from pg_catalog.pg_attribute
    where attrelid = ${oidOf(live)} and attname = 'xmin'`)
  return rows.length > 0
}
