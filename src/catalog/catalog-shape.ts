/** What of a catalog stands in plans and journals, and must look like this when it is read back. Pure. */
import {
  choice,
  type Entries,
  listOf,
  name,
  nullable,
  object,
  only,
  optional,
  record,
  type Shape,
  text,
  variant,
} from '../documents/shape.ts'
import type { ColumnSource, DeleteAction, TableSource } from './catalog.ts'
import type { Condition, Declarations, DeclaredKey } from './declared.ts'
import type { DatabaseIdentity } from './read/identity.ts'
import { refusalShape } from './refusal/refusal-shape.ts'

export const identityEntries: Entries<DatabaseIdentity> = {
  database: text,
  system: text,
  oid: text,
  source: nullable(text),
}

const condition: Shape<Condition> = variant<'by', Condition>('by', {
  sql: object<Extract<Condition, { readonly by: 'sql' }>>({ by: only('sql'), sql: text }),
  value: object<Extract<Condition, { readonly by: 'value' }>>({
    by: only('value'),
    column: name,
    backup: text,
    live: nullable(text),
  }),
})

export const deleteAction = choice<DeleteAction>({
  cascade: true,
  restrict: true,
  'no action': true,
  'set null': true,
  'set default': true,
})

export const declarationsShape: Shape<Declarations> = object<Declarations>({
  relations: listOf(
    object<DeclaredKey>({
      name,
      child: name,
      columns: listOf(name),
      parent: name,
      parentColumns: listOf(name),
      onDelete: deleteAction,
      condition: nullable(condition),
    }),
  ),
  identities: record(listOf(name)),
  junctions: listOf(name),
  refusals: record(refusalShape),
})

export const sourceShape: Shape<TableSource> = object<TableSource>({
  schema: name,
  name,
  columns: record(
    object<ColumnSource>({
      column: nullable(name),
      value: optional(nullable(text)),
      labels: optional(record(text)),
    }),
  ),
  isTransformed: optional(only(true)),
})
