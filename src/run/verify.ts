/**
 * Verifies inside the transaction, with other SQL than wrote: live keys are mapped back and live's rows compared with the raw stage,
 * image by image. Inserted rows equal the source in every stored column; updated rows equal the intention in the columns set and their
 * before-image in all others. What a trigger changed is found here: on inserted rows it stops the run unless accepted.
 */

import { sql } from 'kysely'
import { columnOf } from '../catalog/catalog.ts'
import { isReferred } from '../catalog/refer.ts'
import { displayKey, fromTable } from '../catalog/row.ts'
import { all, column, displayAlone, identifier, list, type Query } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import { storedColumns } from '../probe/measure.ts'
import { isMeant } from './conditions.ts'
import {
  inRange,
  inserted,
  isSameType,
  type Layout,
  newColumn,
  oldColumn,
  ordinalColumn,
  parentOf,
  type StagedTable,
} from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'
import { suspects } from './refused-rows.ts'
import type { Report } from './run.ts'
import { reportedColumns } from './stage.ts'

type Changes = Report['triggerChanges']

export interface Verified {
  readonly triggerChanges: Changes
  readonly generatedDifferences: Changes
}

/** Same image of a column in live (`t`) and in the stage or before-image (`other`). */
const sameImage = (staged: StagedTable, name: string, other: string): Query => {
  const found = columnOf(staged.table.live, name)
  const [mine, theirs] = [sql`row(${column('t', name)})`, sql`row(${column(other, name)})`]
  const isTyped = found !== undefined && (other === 'b' || isSameType(found))
  return isTyped ? sql`${mine}::record operator(pg_catalog.*=) ${theirs}::record` : sql`${mine}::text = ${theirs}::text`
}

/**
 * The live value is the staged one, mapped: where the map of a parent knows the staged reference, live holds the new one; where no
 * map knows it, live holds the staged value itself.
 */
const sameValue = (layout: Layout, staged: StagedTable, name: string): Query => {
  const relations = layout.mapped.filter(({ child, columns }) => child === staged.table.id && columns.includes(name))
  const known = relations.map((relation) => {
    const parent = parentOf(layout, relation)
    const meant = isMeant(layout, relation, 's')
    const old = relation.columns.map((own, p) =>
      isReferred(relation, p, column('s', own), sql`x.${oldColumn(parent, relation.parentColumns[p] ?? '')}`),
    )
    if (meant !== null) old.push(meant)
    const place = relation.columns.indexOf(name)
    const value = sql`x.${newColumn(parent, relation.parentColumns[place] ?? '')}`
    const holdsIt = isReferred(relation, place, column('t', name), value)
    return {
      isMapped: sql`exists (select from ${parent.map} as x where ${all([...old, holdsIt])})`,
      isUnknown: sql`not exists (select from ${parent.map} as x where ${all(old)})`,
    }
  })
  // Its own key has been mapped by finding the row.
  if (staged.hasMap && staged.keyColumns.includes(name)) {
    const isOwn = sql`(${column('own', ordinalColumn)} is not null
      and ${column('t', name)} is not distinct from ${identifier('own')}.${newColumn(staged, name)})`
    const isRaw = sql`(${column('own', ordinalColumn)} is null and ${sameImage(staged, name, 's')})`
    if (known.length === 0) return sql`(${isOwn} or ${isRaw})`
  }
  if (known.length === 0) return sameImage(staged, name, 's')
  const raw = all([...known.map(({ isUnknown }) => isUnknown), sameImage(staged, name, 's')])
  return sql`(${list([...known.map(({ isMapped }) => isMapped), raw], ' or ')})`
}

/** Verifies everything that was inserted or updated. Throws `verification-failed` naming columns and rows. */
export const verifyRows = async (
  writer: Writer,
  layout: Layout,
  acceptTrigger: ReadonlySet<string>,
): Promise<Verified> => {
  const triggerChanges: Changes[number][] = []
  const generatedDifferences: Changes[number][] = []
  for (const staged of layout.tables.values()) {
    triggerChanges.push(...(await verifyInserted(writer, layout, staged, acceptTrigger)))
    triggerChanges.push(...(await verifyUpdated(writer, layout, staged)))
    generatedDifferences.push(...(await compareGenerated(writer, staged)))
  }
  return { triggerChanges, generatedDifferences }
}

const verifyInserted = async (
  writer: Writer,
  layout: Layout,
  staged: StagedTable,
  accepted: ReadonlySet<string>,
): Promise<Changes> => {
  const range = inserted(staged)
  if (range.last === 0) return []
  const { table } = staged
  const names = table.columns.map(({ name }) => name)
  const isAccepted = (name: string): boolean => accepted.has(`${table.id}.${name}`)
  const live = liveIdentity(staged)
  const found = sql`
    from ${staged.stage} as s ${live.joins}
    join ${fromTable(table.live)} as t on ${onLiveIdentity(staged, 't')}
    where ${inRange('s', range)}`
  const compared = names.filter((name) => !isAccepted(name))
  const same = all(compared.map((name) => sameValue(layout, staged, name)))
  await writer.check({
    query: sql`select pg_catalog.count(*)::text, pg_catalog.count(*) filter (where ${same})::text ${found}`,
    expect: { row: [String(range.last), String(range.last)] },
    code: 'verification-failed',
    message: ({ row: [present, equal] }) =>
      `of ${range.last} inserted rows of "${table.id}" ${present} are in live, ${equal} of them as in the backup`,
    detail: `Compared columns: ${compared.map(displayAlone).join(', ')}.`,
    hint: 'Live is unchanged. A trigger changed, moved or removed them: make the plan with --accept-trigger <table.column>.',
    explain: ({ row: [present, equal] }) =>
      mismatch(writer, layout, staged, { found, names: compared, present: Number(present), equal: Number(equal) }),
  })
  const changed = await countDifferences(
    writer,
    names.filter(isAccepted).map((name) => [name, sameValue(layout, staged, name)]),
    found,
  )
  return changed.map((change) => ({ table: table.id, ...change }))
}

/** How many rows differ per column; columns without a difference are left out. */
const countDifferences = async (
  writer: Writer,
  columns: readonly (readonly [string, Query])[],
  found: Query,
): Promise<readonly { readonly column: string; readonly rows: number }[]> => {
  if (columns.length === 0) return []
  const counts = columns.map(([, same]) => sql`pg_catalog.count(*) filter (where not ${same})::text`)
  const [row] = await writer.observe(sql`select ${list(counts)} ${found}`)
  return columns
    .map(([name], position) => ({ column: name, rows: Number(row?.[position] ?? 0) }))
    .filter(({ rows }) => rows > 0)
}

const mismatch = async (
  writer: Writer,
  layout: Layout,
  staged: StagedTable,
  facts: { readonly found: Query; readonly names: readonly string[]; readonly present: number; readonly equal: number },
): Promise<RowgraftError> => {
  const { table } = staged
  const { last } = inserted(staged)
  if (facts.present !== last) {
    return new RowgraftError(
      'verification-failed',
      `${last - facts.present} of ${last} rows of "${table.id}" are not in live`,
      {
        detail: 'They were inserted, and are not found under the key they were given: a trigger moved or removed them.',
        hint: 'Live is unchanged.',
      },
    )
  }
  const columns = facts.names.map((name) => [name, sameValue(layout, staged, name)] as const)
  const differing = await countDifferences(writer, columns, facts.found)
  const [example] = await writer.rows(sql`
    select ${list(table.identity.map((name) => sql`${column('t', name)}::text`))}
    ${facts.found} and not ${all(columns.map(([, same]) => same))}
    order by ${column('s', ordinalColumn)}
    limit 1`)
  const key = displayKey((example ?? []).map((value) => value ?? '').join('\0'))
  const names = differing.map(({ column: name }) => `${table.id}.${name}`)
  const triggers = suspects(layout, staged, 'insert')
  const why = triggers === '' ? "live's column type changed it" : `a trigger changed it (${triggers})`
  const count = last - facts.equal
  const what = `${count} of ${last} inserted rows of "${table.id}" ${count === 1 ? 'differs' : 'differ'} from the backup`
  const where = differing.map(({ column: name }) => displayAlone(name)).join(', ')
  return new RowgraftError('verification-failed', `${what} in ${where}, for example row ${key}`, {
    detail: [
      ...(differing.length > 1 ? differing.map((change) => `${change.column}: ${change.rows} of ${last} rows`) : []),
      `most likely ${why}`,
    ].join('\n'),
    hint:
      triggers !== ''
        ? `Live is unchanged. Accept what the trigger writes with --accept-trigger ${names.join(',')}, or switch triggers off with --triggers off.`
        : 'Live is unchanged. Widen the column, or leave the rows out.',
  })
}

const verifyUpdated = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<Changes> => {
  const { table } = staged
  const changes: Changes[number][] = []
  const live = liveIdentity(staged)
  for (const { step, range } of staged.steps.filter(({ step: { action } }) => action === 'update')) {
    const found = sql`
      from ${staged.stage} as s ${live.joins}
      join ${fromTable(table.live)} as t on ${onLiveIdentity(staged, 't')}
      join ${staged.before} as b on ${column('b', ordinalColumn)} = ${column('s', ordinalColumn)}
      where ${inRange('s', range)}`
    const intended = all(step.columns.map((name) => sameReference(layout, staged, name)))
    await writer.check({
      query: sql`select pg_catalog.count(*) filter (where ${intended})::text ${found}`,
      expect: { row: [String(step.rows)] },
      code: 'verification-failed',
      message: ({ count }) => `${count} of ${step.rows} updated rows of "${table.id}" hold what was written`,
      detail: `Compared columns: ${step.columns.map(displayAlone).join(', ')}.`,
      hint: 'Live is unchanged. A trigger of the table rewrites these columns.',
    })
    const others = storedColumns(table.live).filter((name) => !step.columns.includes(name))
    const touched = await countDifferences(
      writer,
      others.map((name) => [name, sameImage(staged, name, 'b')]),
      found,
    )
    changes.push(...touched.map((change) => ({ table: table.id, ...change })))
  }
  return changes
}

/** As `sameValue`, for rows that keep their key: the row's own map says nothing about its other columns. */
const sameReference = (layout: Layout, staged: StagedTable, name: string): Query =>
  sameValue(layout, { ...staged, hasMap: staged.hasMap && staged.table.identity.includes(name) }, name)

const compareGenerated = async (writer: Writer, staged: StagedTable): Promise<Changes> => {
  const names = reportedColumns(staged.table)
  const range = inserted(staged)
  if (names.length === 0 || range.last === 0) return []
  const live = liveIdentity(staged)
  const found = sql`
    from ${staged.stage} as s ${live.joins}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}
    where ${inRange('s', range)}`
  const changed = await countDifferences(
    writer,
    names.map((name) => [name, sql`(${column('t', name)}::text is not distinct from ${column('s', name)})`]),
    found,
  )
  return changed.map((change) => ({ table: staged.table.id, ...change }))
}
