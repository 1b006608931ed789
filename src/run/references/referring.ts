/** Before an undo deletes rows: nobody else may refer to them, whatever live would do with such a reference. */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import { primaryKeyOf } from '../../catalog/catalog.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { displayTable } from '../../database/display.ts'
import { all, any, column, list, type Query, tableReference } from '../../database/names.ts'
import type { Check } from '../../database/session/check.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import type { Step } from '../../plan/step.ts'
import { joinRelation, refers } from '../../sql/references.ts'
import { asText, fromTable } from '../../sql/rows.ts'
import { treeOf } from '../../sql/tree.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { deleted, inRange, type Layout, type StagedTable } from '../stage/staged.ts'
import { isMadeUnkeyed, isOlder, type KnownRows } from '../undo/known-rows.ts'
import { gatherRefusals, throwRefusals } from '../undo/undo-refusals.ts'
import { writtenAt } from '../write/row-writers.ts'
import { type LiveForeignKey, readForeignKeys } from './foreign-keys.ts'

/** The staged table that a table is, or is a partition of. */
const stagedByName = async (writer: Writer, layout: Layout): Promise<ReadonlyMap<string, StagedTable>> => {
  const found = new Map<string, StagedTable>()
  for (const staged of layout.tables.values()) {
    const rows = await writer.rows(sql`
      select n.nspname, c.relname
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid in (${treeOf(staged.table.live)})`)
    for (const [schema, name] of rows) found.set(displayTable({ schema: schema ?? '', name: name ?? '' }), staged)
  }
  return found
}

/** True for rows of the child that the undo writes as well, in one of these ways. */
const isSpared = (layout: Layout, child: StagedTable | undefined, actions: readonly Step['action'][]): Query => {
  const ranges = (child?.steps ?? []).filter(({ step }) => actions.includes(step.action)).map(({ range }) => range)
  if (child === undefined || ranges.length === 0) return sql`false`
  const own = any(ranges.map((range) => inRange('s', range)))
  return sql`exists (select from ${child.stage} as s where ${own} and ${onLiveIdentity(layout, child, 'c')})`
}

/** The table of a reference, as `c`. */
export const referringTable = ({ child, isChildPartitioned }: Reference): Query =>
  sql`${isChildPartitioned ? sql`` : sql`only`} ${tableReference(child)} as c`

/** True where row `c` refers to row `t`. */
export const refersToRow = ({ columns, parentColumns, isPeriod, declared }: Reference): Query =>
  all(
    declared ??
      columns.map((name, p) => {
        const operator = isPeriod && p === columns.length - 1 ? sql`&&` : sql`=`
        return sql`${column('c', name)} ${operator} ${column('t', parentColumns[p] ?? '')}`
      }),
  )

/** Rows that refer to the rows `t` of a source, as text: by their primary key, else by what they refer to. */
const referring = (
  reference: Reference,
  referred: Query,
  { isLeft, more = [] }: { readonly isLeft: Query; readonly more?: readonly Query[] },
): { readonly query: Query; readonly columns: number } => {
  const { columns, key } = reference
  // What a row refers to no type need be able to order.
  const order = key.length === 0 ? sql`` : sql`order by ${list(key.map((name) => column('c', name)))}`
  const told = key.length === 0 ? columns : key
  const query = sql`
    select ${list([asText('c', told), ...more])}
    from ${referred}
    join ${referringTable(reference)} on ${refersToRow(reference)}
    where not ${isLeft}
    ${order}`
  return { query, columns: told.length }
}

const childTable = ({ child, isChildPartitioned }: Reference) => ({
  ...child,
  kind: isChildPartitioned ? ('partitioned' as const) : ('ordinary' as const),
})

interface Found {
  /** With its table, as text. */
  readonly row: string
  readonly isStanding: boolean
}

const findReferring = async (
  writer: Writer,
  reference: Reference,
  { referred, isLeft, isStanding }: { readonly referred: Query; readonly isLeft: Query; readonly isStanding: Query },
): Promise<readonly Found[]> => {
  const at = await writtenAt(writer, childTable(reference), 'c')
  const more = [sql`(${isStanding})::text`, at]
  const rows = await writer.rows(sql`${referring(reference, referred, { isLeft, more }).query} limit 10`)
  return rows.map((row) => {
    const [key, [standing, when]] = [row.slice(0, -2).map((value) => value ?? ''), row.slice(-2)]
    return {
      row: `${displayTable(reference.child)} ${displayKey(packKey(key))}${when ? `, written ${when}` : ''}`,
      isStanding: standing === 'true',
    }
  })
}

/** What live does with the rows of a reference where it heeds it, as rows that they refer to are deleted. */
const doing = ({ isRefused, isCascaded }: Reference): string =>
  isRefused ? 'live does not let the rows go' : `live would ${isCascaded ? 'delete' : 'empty'} them as well`

interface RefusedRows {
  readonly rows: readonly string[]
  readonly when: string
  readonly detail: string
  readonly advice: string
}

interface Suspicion {
  readonly catalog: SharedCatalog
  readonly known: KnownRows
  /** The rows `t` that go. */
  readonly referred: Query
  /** The child, where the undo writes to it. */
  readonly child: StagedTable | undefined
  readonly spared: readonly Step['action'][]
}

/** True for rows `c` that the undo updates, and that referred to the same before the run: so say the images of its journal. */
const hasReferred = (layout: Layout, child: StagedTable | undefined, { columns }: Reference): Query => {
  const ranges = (child?.steps ?? []).filter(({ step }) => step.action === 'update').map(({ range }) => range)
  const names = new Set(child?.table.columns.map(({ name }) => name))
  if (child === undefined || ranges.length === 0 || !columns.every((name) => names.has(name))) return sql`false`
  const own = any(ranges.map((range) => inRange('s', range)))
  const same = columns.map((name) => sql`${column('s', name)}::text = ${column('c', name)}::text`)
  return sql`exists (select from ${child.stage} as s where ${all([own, onLiveIdentity(layout, child, 'c'), ...same])})`
}

/**
 * Refusals for the rows of one reference. Those that are as they were before the run referred to nothing then, and will again where live
 * leaves them alone; what the run's triggers made without a key goes with the rows that it refers to.
 */
const findStrangers = async (
  writer: Writer,
  layout: Layout,
  { reference, catalog, known, referred, child, spared }: Suspicion & { readonly reference: Reference },
): Promise<readonly RefusedRows[]> => {
  const table = catalog.tables.get(displayTable(reference.child))?.live
  const older = await isOlder(writer, known, { table: childTable(reference), alias: 'c' })
  const isStanding = any([older, hasReferred(layout, child, reference)])
  const same = all(reference.columns.map((name) => sql`${column('o', name)} = ${column('c', name)}`))
  const isMade = table !== undefined && reference.acts && reference.isCascaded
  const isLeft = any([
    isSpared(layout, child, spared),
    ...(isMade ? [isMadeUnkeyed(known, table, same)] : []),
    ...(reference.acts ? [] : [isStanding]),
  ])
  const found = await findReferring(writer, reference, { referred, isLeft, isStanding })
  const standing = found.filter((each) => each.isStanding)
  const later = found.filter((each) => !each.isStanding)
  return [
    {
      rows: later.map(({ row }) => row),
      when: 'by now',
      detail: 'They came after the run, or a trigger of the run made them:',
      advice: 'Delete or move these rows first, then undo again.',
    },
    {
      rows: standing.map(({ row }) => row),
      when: 'since before the run',
      detail: `They did so while those were missing, and ${doing(reference)}:`,
      advice: 'Undo with --triggers off, which leaves these rows as they were.',
    },
  ].filter(({ rows }) => rows.length > 0)
}

const unreadable = (child: string, parent: string): RowgraftError =>
  new RowgraftError(
    'missing-privileges',
    `this role may not read "${child}", whose rows refer to rows of "${parent}"`,
    {
      detail: 'They would be deleted or emptied together with the rows that the undo deletes, unseen.',
      advice: 'Undo with a role that may read the table.',
    },
  )

/** Refuses what is asked of the rows `t` of a source where others refer to one of them, or may do so unseen. */
export const refuseReferred = async (
  writer: Writer,
  { table, referred }: { readonly table: Table; readonly referred: Query },
  { detail, ...refusal }: Pick<Check, 'code' | 'message' | 'hint'> & { readonly detail: (child: string) => string },
): Promise<void> => {
  for (const reference of await readForeignKeys(writer, table, 'parent')) {
    const child = displayTable(reference.child)
    const { query, columns } = reference.canSelect
      ? referring(reference, referred, { isLeft: sql`false` })
      : { query: sql`select 'some' from ${referred}`, columns: 1 }
    await writer.check({
      ...refusal,
      query,
      expect: { none: columns },
      detail: detail(child),
      nameRow: (row) =>
        reference.canSelect ? `${child} ${displayKey(packKey(row))}` : `${child}, which this role may not read`,
    })
  }
}

/**
 * Throws `undo-refused` naming rows that refer to a row about to be deleted and are not `spared`; `missing-privileges` where such rows could
 * not be seen. `spared`: what the undo does to rows that may refer to it.
 */
export const refuseReferences = async (
  writer: Writer,
  layout: Layout,
  { catalog, known, spared }: Pick<Suspicion, 'catalog' | 'known'> & { readonly spared: readonly Step['action'][] },
): Promise<void> => {
  const byName = await stagedByName(writer, layout)
  const refusals = gatherRefusals()
  for (const staged of layout.tables.values()) {
    if (deleted(staged).last < deleted(staged).first) continue
    const { live } = staged.table
    const declared = declaredReferences(catalog, live)
    for (const reference of [...(await readForeignKeys(writer, live, 'parent')), ...declared]) {
      const child = displayTable(reference.child)
      if (!reference.canSelect) {
        if (reference.isRefused) continue
        throw unreadable(child, staged.table.id)
      }
      const referred = sql`
        (select s.* from ${staged.stage} as s where ${inRange('s', deleted(staged))}) as s ${liveIdentity(layout, staged).joins}
        join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}`
      const own = { catalog, known, spared, referred, child: byName.get(child) }
      const found = await findStrangers(writer, layout, { ...own, reference })
      refusals.found.push(
        ...found.map(
          ({ rows, when, detail, advice }) =>
            new RowgraftError('undo-refused', `rows of "${child}" refer to rows of "${staged.table.id}" ${when}`, {
              detail: [detail, ...rows].join('\n'),
              advice,
            }),
        ),
      )
    }
  }
  throwRefusals(refusals)
}

/** A foreign key, or a relation like one. */
export interface Reference
  extends Pick<
    LiveForeignKey,
    | 'child'
    | 'isChildPartitioned'
    | 'columns'
    | 'parentColumns'
    | 'isPeriod'
    | 'key'
    | 'canSelect'
    | 'isRefused'
    | 'isCascaded'
    | 'acts'
  > {
  /** For a relation that no constraint declares: what must hold of child `c` and parent `t`. */
  readonly declared?: readonly Query[]
}

/** Relations to `table` that no constraint declares. */
export const declaredReferences = (catalog: SharedCatalog, table: Table): readonly Reference[] =>
  catalog.relations.flatMap((relation) => {
    const child = catalog.tables.get(relation.child)?.live
    if (relation.parent !== table.id || !relation.isDeclared || child === undefined) return []
    return [
      {
        child: { schema: child.schema, name: child.name },
        isChildPartitioned: child.kind === 'partitioned',
        columns: relation.columns,
        parentColumns: relation.parentColumns,
        isPeriod: false,
        key: primaryKeyOf(child)?.elements.flatMap(({ column: name }) => name ?? []) ?? [],
        canSelect: child.canSelect,
        isRefused: false,
        isCascaded: false,
        acts: false,
        declared: [joinRelation(relation, 'c', 't'), refers(relation, 'live', { table: child, alias: 'c' })],
      },
    ]
  })
