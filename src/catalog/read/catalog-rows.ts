import type { QualifiedName } from '../../database/display.ts'

export interface DatabaseRow {
  readonly database: string
  readonly user: string
  readonly can_stage: boolean
}

export interface TableRow {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p'
  readonly persistence: 'p' | 'u'
  readonly rows: number
  readonly hides_rows: boolean
  readonly can_select: boolean
  readonly can_insert: boolean
  readonly can_update: boolean
  readonly can_delete: boolean
}

export interface OtherRow {
  readonly schema: string
  readonly name: string
  readonly kind: 'v' | 'm' | 'f' | 'r' | 'p'
  readonly usable: boolean
}

export interface ColumnRow {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly base_oid: string
  readonly base_type: string
  readonly kind: string
  readonly is_domain: boolean
  readonly element_oid: string | null
  readonly element_kind: string | null
  readonly of_extension: boolean
  readonly labels: readonly string[] | null
  readonly attributes: readonly string[] | null
  readonly not_null: boolean
  readonly identity: string
  readonly generated: string
  readonly default: string | null
  readonly type_grant: string | null
  readonly nondeterministic: boolean
  readonly own_equality: boolean
  readonly can_select: boolean
  readonly can_insert: boolean
  readonly can_update: boolean
  readonly sequence:
    | (QualifiedName & {
        readonly increment: string
        readonly minimum: string
        readonly maximum: string
        readonly can_use: boolean
        readonly can_update: boolean
      })
    | null
}

export interface UniqueRow {
  readonly table: string
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'exclusion'
  readonly predicate: string | null
  readonly nulls_not_distinct: boolean
  readonly deferrable: boolean
  readonly valid: boolean
  readonly period: boolean
  readonly definition: string
  readonly columns: readonly string[] | null
  readonly elements: readonly {
    readonly column: string | null
    readonly expression: string
    readonly operator: string | null
    readonly collation: QualifiedName | null
  }[]
}

export interface ForeignKeyRow {
  readonly table: string
  readonly name: string
  readonly parent_schema: string
  readonly parent: string
  readonly columns: readonly string[]
  readonly parent_columns: readonly string[]
  readonly set_columns: readonly string[] | null
  readonly on_delete: 'a' | 'r' | 'c' | 'n' | 'd'
  readonly match: 's' | 'f' | 'p'
  readonly deferrable: boolean
  readonly enforced: boolean
  readonly period: boolean
  readonly definition: string
}

export interface CheckRow {
  readonly table: string
  readonly name: string
  readonly definition: string
}

export interface TriggerRow {
  readonly table: string
  readonly name: string
  readonly type: number
  readonly enabled: 'O' | 'R' | 'A' | 'D'
  readonly definition: string
  readonly of_columns: readonly string[] | null
  readonly function: string
  readonly source: string
}

export interface RuleRow {
  readonly table: string
  readonly name: string
  readonly kind: 'rule' | 'policy'
  readonly definition: string
}

export interface UnpublishableRow {
  readonly table: string
  readonly name: string
  readonly update: boolean
  readonly delete: boolean
}

export interface SubscribedRow {
  readonly table: string
  readonly name: string
}
