/**
 * With triggers switched off (`session_replication_role = replica`) the server checks neither foreign keys nor deferrable uniques and
 * exclusions: they are triggers too. All are checked here, set by set, in the same transaction, the parents locked first: references of
 * written rows, references to rows whose key was changed, and what written rows must not share with any other.
 */

import { sql } from 'kysely'
import type { Uniqueness } from '../../catalog/catalog.ts'
import { displayTable, type QualifiedName } from '../../database/display.ts'
import { all, any, column, identifier, list, type Query, serverText, tableReference } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import type { Step } from '../../plan/step.ts'
import { fromTable, isSet } from '../../sql/rows.ts'
import { finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { type LiveForeignKey, readForeignKeys } from '../references/foreign-keys.ts'
import { inRange, inserted, type Layout, type StagedTable } from '../stage/staged.ts'

const refuseRows = (
  writer: Writer,
  query: Query,
  { table, constraint }: { readonly table: string; readonly constraint: string },
): Promise<void> =>
  writer.check({
    query,
    expect: { row: ['0'] },
    code: 'verification-failed',
    message: ({ count }) =>
      `${count === '1' ? '1 row' : `${count} rows`} of "${table}" ${count === '1' ? 'breaks' : 'break'} "${constraint}"`,
    detail: 'Triggers are off, so the server did not check it; rowgraft did.',
    advice: 'Make the plan again, or run it with --triggers fire.',
  })

/** Checks every foreign key of and to written rows, and every deferrable constraint they are in. Throws `verification-failed`. */
export const validateConstraints = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    if (!staged.steps.some(({ step }) => step.action !== 'delete')) continue
    for (const [number, key] of (await readForeignKeys(writer, staged.table.live, 'child')).entries()) {
      if (key.isEnforced) await validateReferences(writer, layout, { staged, key, number })
    }
    for (const key of await readForeignKeys(writer, staged.table.live, 'parent')) {
      if (key.isEnforced) await validateReferring(writer, staged, key)
    }
    for (const unique of staged.table.live.uniques.filter(({ isDeferrable }) => isDeferrable)) {
      if (unique.kind === 'exclusion') await validateExclusion(writer, layout, { staged, unique })
      else await validateUnique(writer, staged, unique)
    }
  }
}

const parentOf = ({ parent, isParentPartitioned }: LiveForeignKey): Query =>
  isParentPartitioned ? tableReference(parent) : sql`only ${tableReference(parent)}`

const childOf = ({ child, isChildPartitioned }: LiveForeignKey): Query =>
  isChildPartitioned ? tableReference(child) : sql`only ${tableReference(child)}`

const refersTo = (key: LiveForeignKey, child: string, parent: string): Query =>
  all(key.columns.map((name, p) => sql`${column(child, name)} = ${column(parent, key.parentColumns[p] ?? '')}`))

/** True for staged rows that are inserted or updated. */
const isWritten = ({ steps }: StagedTable): Query =>
  any(steps.filter(({ step }) => step.action !== 'delete').map(({ range }) => inRange('s', range)))

const refusePeriod = (key: LiveForeignKey): void => {
  if (!key.isPeriod) return
  throw new RowgraftError('not-restorable', `"${key.name}" of "${displayTable(key.child)}" refers to periods`, {
    detail: 'Triggers are off, so the server does not check it, and rowgraft cannot.',
    advice: 'Run it with --triggers fire.',
  })
}

/**
 * The references of written rows by one key, as `r0`, `r1`... Those of inserted rows are what the stage is mapped to, which live's rows
 * are verified to be; where a trigger may fire all the same, and for updated rows, they are read from live. Null where none is written: what
 * an update leaves alone is as good as it was.
 */
const writtenReferences = (layout: Layout, staged: StagedTable, key: LiveForeignKey): Query | null => {
  const { table, steps } = staged
  const isStaged = key.columns.every((name) => table.columns.some((own) => own.name === name))
  const mayFire = layout.triggers.some((trigger) => trigger.table === table.id)
  const isFromStage = isStaged && !mayFire
  const named = (value: (name: string) => Query): Query =>
    list(key.columns.map((name, p) => sql`${value(name)} as ${identifier(`r${p}`)}`))
  const final = finalValues(layout, staged, { withOwnMap: true })
  const live = liveIdentity(layout, staged)
  const isWrittenIn = ({ columns }: Step): boolean => mayFire || columns.some((name) => key.columns.includes(name))
  const read = steps.filter(
    ({ step }) => (step.action === 'update' && isWrittenIn(step)) || (step.action === 'insert' && !isFromStage),
  )
  const parts = [
    ...(isFromStage && inserted(staged).last > 0
      ? [
          sql`select ${named(final.liveValue)} from ${staged.stage} as s ${final.joins} where ${inRange('s', inserted(staged))}`,
        ]
      : []),
    ...(read.length === 0
      ? []
      : [
          sql`select ${named((name) => column('t', name))} from ${staged.stage} as s ${live.joins}
            join ${childOf(key)} as t on ${onLiveIdentity(layout, staged, 't')}
            where ${any(read.map(({ range }) => inRange('s', range)))}`,
        ]),
  ]
  return parts.length === 0 ? null : sql`(${list(parts, ' union all ')})`
}

/** A row this transaction wrote: nobody else can take it away. */
const isOurs = sql`p.xmin = pg_catalog.pg_current_xact_id()::xid`

const isInserted = ({ tables }: Layout, parent: QualifiedName): boolean =>
  [...tables.values()].some(
    (staged) => displayTable(staged.table.live) === displayTable(parent) && inserted(staged).last > 0,
  )

/** References to rows that the run inserts itself, as most are, are looked up and no more; of others the parents are locked first. */
const validateReferences = async (
  writer: Writer,
  layout: Layout,
  { staged, key, number }: { readonly staged: StagedTable; readonly key: LiveForeignKey; readonly number: number },
): Promise<void> => {
  refusePeriod(key)
  const parent = parentOf(key)
  const written = writtenReferences(layout, staged, key)
  if (written === null) return
  const names = key.columns.map((_, p) => `r${p}`)
  const refers = all(names.map((name, p) => sql`${column('r', name)} = ${column('p', key.parentColumns[p] ?? '')}`))
  // Under MATCH FULL a reference is whole or not there at all.
  const nulls = names.map((name) => sql`${column('r', name)} is null`)
  const isReference = key.isMatchFull ? sql`not ${all(nulls)}` : isSet('r', names)
  if (isInserted(layout, key.parent) && writer.canRead) {
    const [others] = await writer.rows(sql`
      select pg_catalog.count(*)::text
      from ${written} as r
      where ${isReference} and not exists (select from ${parent} as p where ${refers} and ${isOurs})`)
    if (others?.[0] === '0') return
  }
  const distinct = sql.id('pg_temp', `rowgraft_references${staged.position}_${number}`)
  await writer.execute(sql`
    create temporary table ${distinct} on commit drop as
    select distinct ${list(names.map(identifier))} from ${written} as written`)
  await writer.execute(sql`analyze ${distinct}`)
  await writer.execute(sql`
    select pg_catalog.count(*)::text
    from (
      select 1 from ${parent} as p
      where not ${isOurs} and exists (select from ${distinct} as r where ${refers})
      for key share of p
    ) as locked`)
  const isBroken = sql`${isReference} and not exists (select from ${parent} as p where ${refers})`
  const query = sql`
    select (case when exists (select from ${distinct} as r where ${isBroken})
      then (select pg_catalog.count(*) from ${written} as r where ${isBroken}) else 0 end)::text`
  await refuseRows(writer, query, { table: displayTable(key.child), constraint: key.name })
}

/** Rows that refer to what an update took away. */
const validateReferring = async (writer: Writer, staged: StagedTable, key: LiveForeignKey): Promise<void> => {
  const changing = staged.steps.filter(
    ({ step }) => step.action === 'update' && step.columns.some((name) => key.parentColumns.includes(name)),
  )
  if (changing.length === 0) return
  refusePeriod(key)
  if (!key.canSelect) {
    throw new RowgraftError('missing-privileges', `this role may not read "${displayTable(key.child)}"`, {
      detail: `Its rows refer to rows of "${staged.table.id}" whose key is put back; with triggers off nobody checks that.`,
      advice: 'Restore with a role that may read it, or with --triggers fire.',
    })
  }
  const parent = parentOf(key)
  const query = sql`
    select pg_catalog.count(*)::text
    from ${childOf(key)} as c
    where ${isSet('c', key.columns)}
      and exists (
        select from ${staged.before} as b
        where ${any(changing.map(({ range }) => inRange('b', range)))} and ${refersTo(key, 'c', 'b')})
      and not exists (select from ${parent} as p where ${refersTo(key, 'c', 'p')})`
  await refuseRows(writer, query, { table: displayTable(key.child), constraint: key.name })
}

/** The rows that a constraint compares, with what it compares as `u0`, `u1`... */
const compared = ({ table }: StagedTable, unique: Uniqueness): Query => {
  const expressions = unique.elements.map(({ column: name, expression }, position) => {
    const value = name === null ? serverText(`(${expression})`) : identifier(name)
    return sql`${value} as ${identifier(`u${position}`)}`
  })
  const own = table.identity.map((name, position) => sql`${identifier(name)} as ${identifier(`k${position}`)}`)
  const where = unique.predicate === null ? sql`` : sql`where ${serverText(`(${unique.predicate})`)}`
  return sql`(select ${list([...expressions, ...own])} from ${fromTable(table.live)} ${where})`
}

const validateUnique = async (writer: Writer, staged: StagedTable, unique: Uniqueness): Promise<void> => {
  const names = unique.elements.map((_, position) => column('t', `u${position}`))
  const isComparable = unique.nullsNotDistinct ? sql`true` : all(names.map((name) => sql`${name} is not null`))
  const query = sql`
    select pg_catalog.count(*)::text
    from (
      select 1
      from ${compared(staged, unique)} as t
      where ${isComparable}
      group by ${list(names)}
      having pg_catalog.count(*) > 1
    ) as duplicates`
  await refuseRows(writer, query, { table: staged.table.id, constraint: unique.name })
}

const validateExclusion = async (
  writer: Writer,
  layout: Layout,
  { staged, unique }: { readonly staged: StagedTable; readonly unique: Uniqueness },
): Promise<void> => {
  const live = liveIdentity(layout, staged)
  const { identity } = staged.table
  const excludes = unique.elements.map(
    ({ operator }, p) => sql`${column('t', `u${p}`)} operator(${serverText(operator)}) ${column('o', `u${p}`)}`,
  )
  const isOther = any(identity.map((_, p) => sql`${column('t', `k${p}`)} is distinct from ${column('o', `k${p}`)}`))
  const isRow = all(identity.map((name, p) => sql`${column('t', `k${p}`)} = ${live.of(name)}`))
  const query = sql`
    select pg_catalog.count(*)::text
    from ${staged.stage} as s ${live.joins}
    join ${compared(staged, unique)} as t on ${isRow} and ${isWritten(staged)}
    join ${compared(staged, unique)} as o on ${isOther} and ${all(excludes)}`
  await refuseRows(writer, query, { table: staged.table.id, constraint: unique.name })
}
