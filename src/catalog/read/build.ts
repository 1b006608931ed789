import { displayTable } from '../../database/display.ts'
import type {
  Catalog,
  Column,
  DeleteAction,
  ForeignKey,
  OtherRelation,
  Table,
  Trigger,
  TypeKind,
  Uniqueness,
} from '../catalog.ts'
import type { Computed } from '../refusal/refusal.ts'
import type {
  CheckRow,
  ColumnRow,
  DatabaseRow,
  ForeignKeyRow,
  OtherRow,
  RuleRow,
  SubscribedRow,
  TableRow,
  TriggerRow,
  UniqueRow,
  UnpublishableRow,
} from './catalog-rows.ts'

export interface CatalogRows {
  readonly version: number
  readonly database: DatabaseRow
  readonly tables: readonly TableRow[]
  readonly others: readonly OtherRow[]
  readonly columns: readonly ColumnRow[]
  readonly uniques: readonly UniqueRow[]
  readonly foreignKeys: readonly ForeignKeyRow[]
  readonly checks: readonly CheckRow[]
  readonly triggers: readonly TriggerRow[]
  readonly rules: readonly RuleRow[]
  readonly unpublishable: readonly UnpublishableRow[]
  readonly subscribed: readonly SubscribedRow[]
}

const kinds: Readonly<Record<string, TypeKind>> = {
  b: 'base',
  c: 'composite',
  e: 'enum',
  m: 'range', // multirange
  p: 'pseudo',
  r: 'range',
}

/** `character` and `bit` without a length mean length 1, and would cut values: their varying twins hold the same text. */
const unlimited: Readonly<Record<string, string>> = {
  '1042': 'character varying', // bpchar
  '1560': 'bit varying', // bit
  '1014': 'character varying[]',
  '1561': 'bit varying[]',
}

const buildColumn = (row: ColumnRow): Column => ({
  name: row.name,
  type: row.type,
  baseType: unlimited[row.base_oid] ?? row.base_type,
  typeKind: row.element_oid === null ? (kinds[row.kind] ?? 'base') : 'array',
  ...(row.of_extension ? { isOfExtension: true } : {}),
  isDomain: row.is_domain || row.element_kind === 'd' || row.element_kind === 'c',
  enumLabels: row.labels,
  attributes: row.attributes,
  notNull: row.not_null,
  default: row.default,
  identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'by default' : null,
  generated: row.generated === 's' ? 'stored' : row.generated === 'v' ? 'virtual' : null,
  sequence:
    row.sequence === null
      ? null
      : {
          schema: row.sequence.schema,
          name: row.sequence.name,
          increment: row.sequence.increment,
          minimum: row.sequence.minimum,
          maximum: row.sequence.maximum,
          canUse: row.sequence.can_use,
          canUpdate: row.sequence.can_update,
        },
  typeGrant: row.type_grant,
  isNondeterministic: row.nondeterministic,
  hasOwnEquality: row.own_equality,
  canSelect: row.can_select,
  canInsert: row.can_insert,
  canUpdate: row.can_update,
})

const buildUnique = (row: UniqueRow): Uniqueness => ({
  name: row.name,
  // A temporal key (WITHOUT OVERLAPS) is an exclusion in all but name.
  kind: row.period ? 'exclusion' : row.kind,
  elements: row.elements.map((element) => ({
    column: element.column,
    expression: element.expression,
    operator: element.operator ?? 'pg_catalog.=',
    collation: element.collation,
  })),
  predicate: row.predicate,
  nullsNotDistinct: row.nulls_not_distinct,
  isDeferrable: row.deferrable,
  isValid: row.valid,
  columns: row.columns ?? [],
  definition: row.definition,
})

const deleteActions: Readonly<Record<ForeignKeyRow['on_delete'], DeleteAction>> = {
  a: 'no action',
  c: 'cascade',
  d: 'set default',
  n: 'set null',
  r: 'restrict',
}

const buildForeignKey = (row: ForeignKeyRow): ForeignKey => ({
  name: row.name,
  columns: row.columns,
  parent: displayTable({ schema: row.parent_schema, name: row.parent }),
  parentColumns: row.parent_columns,
  onDelete: deleteActions[row.on_delete],
  setColumns: row.set_columns ?? row.columns,
  isMatchFull: row.match === 'f',
  isDeferrable: row.deferrable,
  isEnforced: row.enforced,
  isPeriod: row.period,
  definition: row.definition,
})

/** Signs in a trigger function's source that it reaches outside the transaction's own tables. */
const outside: readonly (readonly [RegExp, string])[] = [
  [/\b(pg_notify|notify)\b/i, 'NOTIFY'],
  [/\bdblink\w*\s*\(/i, 'dblink'],
  [/\b(http_(get|post|put|delete|patch)|net\.http_\w+|http)\s*\(/i, 'http'],
  [/\binsert\s+into\s+[\w."]*(outbox|queue|jobs?|events?)\b/i, 'an outbox table'],
  [/\bpg_logical_emit_message\s*\(/i, 'a logical message'],
]

const enabledWhen: Readonly<Record<TriggerRow['enabled'], Trigger['enabled']>> = {
  A: 'always',
  D: 'disabled',
  O: 'origin',
  R: 'replica',
}

const buildTrigger = (row: TriggerRow): Trigger => ({
  name: row.name,
  definition: row.definition,
  // Bits of tgtype: 4 insert, 8 delete, 16 update, 32 truncate.
  events: [
    ...(row.type & 4 ? (['insert'] as const) : []),
    ...(row.type & 8 ? (['delete'] as const) : []),
    ...(row.type & 16 ? (['update'] as const) : []),
    ...(row.type & 32 ? (['truncate'] as const) : []),
  ],
  isBeforeRow: (row.type & 3) === 3, // 1 for each row, 2 before
  ofColumns: row.of_columns ?? [],
  enabled: enabledWhen[row.enabled],
  functionName: row.function,
  reachesOutside: outside.find(([sign]) => sign.test(row.source))?.[1] ?? null,
})

const otherKinds: Readonly<Record<OtherRow['kind'], readonly [kind: string, refused: Computed | null]>> = {
  f: ['foreign table', 'foreign'],
  m: ['materialized view', 'materialised'],
  p: ['partitioned table', null],
  r: ['table', null],
  v: ['view', 'view'],
}

const buildOther = (row: OtherRow, user: string): OtherRelation => {
  const [kind, refused] = otherKinds[row.kind]
  const refusal =
    row.usable && refused !== null ? { kind: refused } : ({ kind: 'no usage', schema: row.schema, user } as const)
  return { id: displayTable(row), kind, refusal }
}

const groupByTable = <T extends { readonly table: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> =>
  Map.groupBy(rows, (row) => row.table)

/** Assembles one catalog. Tables come in the order of their names. */
export const buildCatalog = (rows: CatalogRows): Catalog => {
  const columns = groupByTable(rows.columns)
  const uniques = groupByTable(rows.uniques)
  const foreignKeys = groupByTable(rows.foreignKeys)
  const checks = groupByTable(rows.checks)
  const triggers = groupByTable(rows.triggers)
  const rules = groupByTable(rows.rules)
  const unpublishable = new Map(rows.unpublishable.map((row) => [row.table, row]))
  const subscribed = new Map(rows.subscribed.map((row) => [row.table, row]))
  const buildTable = (row: TableRow): Table => ({
    schema: row.schema,
    name: row.name,
    id: displayTable(row),
    kind: row.kind === 'p' ? 'partitioned' : 'ordinary',
    isUnlogged: row.persistence === 'u',
    estimatedRows: row.rows,
    columns: (columns.get(row.oid) ?? []).map(buildColumn),
    uniques: (uniques.get(row.oid) ?? []).map(buildUnique),
    foreignKeys: (foreignKeys.get(row.oid) ?? []).map(buildForeignKey),
    triggers: (triggers.get(row.oid) ?? []).map(buildTrigger),
    checks: (checks.get(row.oid) ?? []).map((check) => `${check.name} ${check.definition}`),
    rules: (rules.get(row.oid) ?? []).filter(({ kind }) => kind === 'rule').map((rule) => rule.definition),
    policies: (rules.get(row.oid) ?? []).filter(({ kind }) => kind === 'policy').map((rule) => rule.definition),
    hidesRows: row.hides_rows,
    subscription: subscribed.get(row.oid)?.name ?? null,
    unpublishable: unpublishable.get(row.oid) ?? null,
    canSelect: row.can_select,
    canInsert: row.can_insert,
    canUpdate: row.can_update,
    canDelete: row.can_delete,
  })
  return {
    database: rows.database.database,
    user: rows.database.user,
    version: rows.version,
    canStage: rows.database.can_stage,
    tables: rows.tables.map(buildTable),
    others: rows.others.map((row) => buildOther(row, rows.database.user)),
  }
}
