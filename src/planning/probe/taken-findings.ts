/** Findings that a row's place in live is taken, or that its parent is missing, with the facts of it. */
import { columnOf, isGiven, type Uniqueness } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { displayAlone } from '../../database/display.ts'
import { displayKey, unpackKey } from '../../keys/key.ts'
import type { Answer, Finding, FindingPart, Help } from '../../plan/finding.ts'
import type { Likeness } from '../../rows/records/weigh-columns.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import type { ClosureOptions } from '../../selection/closure/options.ts'
import type { Orphan } from '../../selection/closure/walk.ts'
import type { LiveConflict } from './live-conflicts.ts'
import { mayHaveTwins } from './twins/equal-rows.ts'
import type { WantedTwice } from './unique-values.ts'

type Taken = Pick<LiveConflict, 'unique' | 'values'>

/** A row by its packed key. */
export interface RowToWrite {
  readonly table: SharedTable
  readonly key: string
}

const word = /"(?:[^"]|"")*"|[\w$]+/g

/** The columns that the elements of an index read: those of its predicate alone are not what collides. */
const readColumns = (unique: Uniqueness): readonly string[] => {
  const names = new Set(
    unique.elements.flatMap(({ column, expression }) =>
      column === null
        ? [...expression.matchAll(word)].map(([name]) => name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'))
        : [column],
    ),
  )
  const read = unique.columns.filter((name) => names.has(name))
  return read.length === 0 ? unique.columns : read
}

const compared = (unique: Uniqueness): readonly string[] | undefined =>
  unique.elements.some(({ column }) => column === null)
    ? unique.elements.map(({ column, expression }) => (column === null ? expression : displayAlone(column)))
    : undefined

const valuesOf = ({ unique, values }: Taken): Pick<Finding, 'columns' | 'values'> => {
  const columns = readColumns(unique)
  return { columns, values: columns.map((name) => values[unique.columns.indexOf(name)] ?? null) }
}

/** The finding that live rows hold a unique value, or are excluded with it. */
export const uniqueFinding = (
  { table, key }: RowToWrite,
  taken: Taken,
  { live, possible }: { readonly live: readonly string[]; readonly possible: readonly Answer[] },
): Finding => {
  const { unique } = taken
  const expressions = unique.kind === 'exclusion' ? undefined : compared(unique)
  return {
    kind: unique.kind === 'exclusion' ? 'exclusion' : 'unique taken',
    table: table.id,
    key: displayKey(key),
    constraint: unique.name,
    ...valuesOf(taken),
    live: live.map(displayKey),
    possible,
    ...(expressions === undefined ? {} : { expressions }),
    ...(unique.kind === 'exclusion' ? {} : helpsWith(table, unique)),
  }
}

/** The finding that a row of the plan wants what another one before it wants. */
export const twiceFinding = ({ table, key }: RowToWrite, { unique, values, other }: WantedTwice): Finding => {
  const expressions = compared(unique)
  return {
    kind: 'unique twice',
    table: table.id,
    key: displayKey(key),
    constraint: unique.name,
    ...valuesOf({ unique, values }),
    live: [],
    possible: ['skip'],
    other: displayKey(other),
    ...(expressions === undefined ? {} : { expressions }),
    ...helpsWith(table, unique),
  }
}

/** The column in which a row can be given another place: a number, or one of several columns, that is no key and refers to nothing. */
const placeColumn = ({ live, identity, primaryKey }: SharedTable, unique: Uniqueness): string | undefined => {
  const references = live.foreignKeys.flatMap(({ columns }) => columns)
  const read = readColumns(unique)
  return read.findLast((name) => {
    const column = columnOf(live, name)
    const isFixed = [...identity, ...primaryKey, ...references].includes(name)
    const isPlace = read.length > 1 || /^(smallint|integer|bigint|numeric)$/.test(column?.baseType ?? '')
    return isPlace && !isFixed && column?.generated === null && column.identity !== 'always'
  })
}

/** What gives rows another place. */
const helpsWith = (table: SharedTable, unique: Uniqueness): Pick<Finding, 'helps'> => {
  const column = placeColumn(table, unique)
  if (column === undefined) return {}
  return {
    helps: [
      ...(isGiven(table.backup, column) ? [] : [{ kind: 'value', column } as const]),
      { kind: 'transform', column },
    ],
  }
}

/** The finding that different live rows hold what one row of the backup needs. `owner` is the live row that has its key. */
export const severalFinding = (
  row: RowToWrite,
  conflicts: readonly [LiveConflict, ...LiveConflict[]],
  owner: string | null,
): Finding => {
  const { table } = row
  const [first] = conflicts
  const primary = table.live.uniques.find(({ kind }) => kind === 'primary')
  const own: readonly FindingPart[] =
    owner === null || primary === undefined
      ? []
      : [
          {
            constraint: primary.name,
            isExclusion: false,
            columns: table.identity,
            values: unpackKey(owner),
            live: [displayKey(owner)],
          },
        ]
  const others = [...Map.groupBy(conflicts, ({ unique }) => unique)].map(
    ([unique, group]): FindingPart => ({
      constraint: unique.name,
      isExclusion: unique.kind === 'exclusion',
      ...valuesOf({ unique, values: group[0]?.values ?? [] }),
      live: group.map(({ live }) => displayKey(live)),
    }),
  )
  const live = new Set([...(owner === null ? [] : [owner]), ...conflicts.map((conflict) => conflict.live)])
  return {
    ...uniqueFinding(row, first, { live: [...live], possible: ['skip'] }),
    kind: 'several live rows',
    parts: [...own, ...others],
  }
}

/** The finding that a row needs a parent which nobody has, or which may not be brought along. */
export const parentFinding = (sides: Sides, orphan: Orphan, options: ClosureOptions): Finding => {
  const { relation, key, parent } = orphan
  const child = tableOf(sides.catalog, relation.child)
  const nullable = relation.columns.filter((name) => columnOf(child.live, name)?.notNull === false)
  const required = sides.catalog.tables.get(relation.parent)?.required ?? null
  const helps: readonly Help[] = [
    ...(required === null ? [] : [{ kind: 'parent value', table: relation.parent, column: required } as const]),
    ...(orphan.isHad && options.parents !== 'restore' ? [{ kind: 'restore parents' } as const] : []),
    ...(relation.isNullable && options.parents !== 'null'
      ? [{ kind: 'null parents', columns: nullable } as const]
      : []),
  ]
  return {
    kind: 'missing parent',
    table: relation.child,
    key: displayKey(key),
    constraint: relation.name,
    columns: relation.columns,
    values: [],
    live: [],
    possible: ['skip'],
    parent,
    ...(helps.length === 0 ? {} : { helps }),
  }
}

/** How many rows come to refer to a row by one relation. */
export interface Use {
  readonly via: string
  /** The table of those rows. */
  readonly child: string
  readonly rows: number
}

/** True where a row can come back beside the live row that has its key. */
export const canComeBeside = (table: SharedTable, keys: 'auto' | 'keep' | 'new'): boolean =>
  keys !== 'keep' && table.allocation !== null && table.identity.includes(table.allocation.column)

/** The finding that a parent, or a row below which everything is wanted, may be another record in live by now. */
export const changedParentFinding = ({
  table,
  key,
  live,
  likeness,
  uses,
  isRevived,
  keys,
}: {
  readonly table: SharedTable
  readonly key: string
  /** The row that live has for it, packed. */
  readonly live: string
  readonly likeness: Likeness
  readonly uses: readonly Use[]
  /** Live's row is marked as deleted, and would lose the mark. */
  readonly isRevived: boolean
  readonly keys: 'auto' | 'keep' | 'new'
}): Finding => {
  const canAllocate = canComeBeside(table, keys)
  return {
    kind: 'parent changed',
    table: table.id,
    key: displayKey(key),
    constraint: null,
    columns: likeness.columns,
    values: [],
    live: [displayKey(live)],
    possible: canAllocate ? ['attach', 'allocate', 'skip'] : ['attach', 'skip'],
    of: likeness.of,
    ...(isRevived ? { isRevived } : {}),
    uses: [...Map.groupBy(uses, ({ child }) => child)].map(([child, own]) => ({
      table: child,
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
    })),
    helps: [{ kind: 'identity' }],
    ...(canAllocate && keys === 'new' ? { otherwise: 'allocate' } : {}),
  }
}

/** The finding that a live row looks like the backup's row, brought back by an earlier run; or is it under a key that somebody changed. */
export const twinFinding = ({ table, key }: RowToWrite, live: string): Finding => ({
  kind: 'looks restored',
  table: table.id,
  key: displayKey(key),
  constraint: null,
  columns: [],
  values: [],
  live: [displayKey(live)],
  possible: ['skip', 'allocate'],
  ...(mayHaveTwins(table) ? {} : { isRenamed: true }),
})

/** The finding that another record has the row's key: the one of live's key `owner`. */
export const takenFinding = (
  { table, key }: RowToWrite,
  owner: string,
  { canAllocate }: { readonly canAllocate: boolean },
): Finding => ({
  kind: 'key taken',
  table: table.id,
  key: displayKey(key),
  constraint: table.live.uniques.find(({ kind }) => kind === 'primary')?.name ?? null,
  columns: table.identity,
  values: unpackKey(owner),
  live: [displayKey(owner)],
  possible: canAllocate ? ['skip', 'match', 'overwrite', 'allocate'] : ['skip', 'match', 'overwrite'],
})
