/** What a plan must look like, whole. Pure. */

import * as v from 'valibot'
import { declarationsShape, deleteAction, identityEntries, sourceShape } from '../../catalog/catalog-shape.ts'
import type { MappedLabel, SetValue } from '../../catalog/edits.ts'
import { refusalShape } from '../../catalog/refusal/refusal-shape.ts'
import {
  choice,
  count,
  type Entries,
  flag,
  isInteger64,
  listOf,
  name,
  nullable,
  object,
  only,
  optional,
  pattern,
  record,
  type Shape,
  text,
  variant,
  words,
} from '../../documents/shape.ts'
import type { NotFollowed } from '../../rows/typed-rows.ts'
import { coverageShape, selectionShape } from '../../selection/selection-shape.ts'
import type { PlacedMethod } from '../../sql/column-digest.ts'
import type { PlanOptions } from '../options.ts'
import type { Aside, GivesBack, MissingReason, MissingToo, NeededRows, Plan, TableKey, TableRows } from '../plan.ts'
import type { Follower, Footprint, PlanSequence, PlanTrigger, PublishedTables, UsedPrivilege } from '../step.ts'
import { answerShape, conflictShape } from './conflict-shape.ts'
import { noteShape } from './note-shape.ts'
import { reasonShape } from './reason-shape.ts'
import { keyColumnShape, relationShape, standInsShape, stepEntries, tableId } from './step-shape.ts'

const sha256 = pattern(/^[0-9a-f]{64}$/, 'a sha256')

/** A sequence may count beyond its last key. */
const integer = pattern(/^-?\d{1,20}$/, 'an integer, as text')

const integer64: Shape<string> = v.custom<string>(isInteger64, 'is not an integer of 64 bits, as text')

const identity = object(identityEntries)

const tableRows = object<TableRows>({ table: words, rows: count })

const tableKey = object<TableKey>({ table: words, key: words })

export const optionEntries: Entries<PlanOptions> = {
  parents: choice<PlanOptions['parents']>({ restore: true, stop: true, null: true }),
  children: choice<PlanOptions['children']>({ all: true, cascade: true, none: true }),
  links: choice<PlanOptions['links']>({ existing: true, pull: true, none: true }),
  relink: choice<PlanOptions['relink']>({ evidence: true, all: true, none: true }),
  without: listOf(name),
  keys: choice<PlanOptions['keys']>({ auto: true, keep: true, new: true }),
  onConflict: record(answerShape),
  again: flag,
  forOthers: flag,
  triggers: nullable(choice<NonNullable<PlanOptions['triggers']>>({ fire: true, off: true })),
  acceptTrigger: listOf(text),
  acceptRounding: optional(listOf(text)),
  set: listOf(object<SetValue>({ table: name, column: name, value: nullable(text) })),
  mapEnum: listOf(object<MappedLabel>({ table: name, column: name, from: text, to: text })),
  role: nullable(name),
  settings: record(text),
  hooks: object<PlanOptions['hooks']>({ before: listOf(text), after: listOf(text) }),
}

const givesBack = variant<'by', GivesBack>('by', {
  statement: object<Extract<GivesBack, { readonly by: 'statement' }>>({ by: only('statement'), statement: words }),
  columns: object<Extract<GivesBack, { readonly by: 'columns' }>>({
    by: only('columns'),
    where: words,
    columns: listOf(name),
  }),
})

const missingReason = choice<MissingReason>({
  'cannot be restored': true,
  without: true,
  bookkeeping: true,
  links: true,
  children: true,
  emptied: true,
  unhooked: true,
  needed: true,
  follows: true,
})

const footprint = object<Footprint>({
  privileges: listOf(
    object<UsedPrivilege>({
      privilege: words,
      kind: choice<UsedPrivilege['kind']>({ table: true, sequence: true, database: true }),
      on: listOf(words),
    }),
  ),
  stage: count,
  wal: count,
  publications: listOf(object<PublishedTables>({ publication: words, tables: listOf(words) })),
  followers: listOf(
    object<Follower>({
      kind: choice<Follower['kind']>({ standby: true, slot: true }),
      name: words,
      how: words,
    }),
  ),
})

export const digestShape: Shape<Plan['digest']> = object<Plan['digest']>({
  method: choice<PlacedMethod>({ hash: true, sha256: true, typed: true, 'typed instants': true }),
  // An undo has none: its rows are in the journal.
  value: v.union([integer64, v.literal('')], 'is not an integer of 64 bits, as text') as Shape<string>,
})

export const unitEntries: Entries<NonNullable<Plan['unit']>> = { of: sha256, number: count, total: count }

const planEntries: Entries<Plan> = {
  v: only(1),
  kind: only('plan'),
  made: pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, 'a time in UTC'),
  live: identity,
  backup: nullable(identity),
  unseenFrom: optional(pattern(/^\d{1,20}$/, 'the id of a transaction')),
  undoes: nullable(pattern(/^[a-z0-9]+$/, 'the id of a run')),
  unit: optional(object(unitEntries)),
  selection: selectionShape,
  options: object(optionEntries),
  digest: digestShape,
  fingerprints: record(sha256),
  declared: optional(declarationsShape),
  steps: listOf(object(stepEntries)),
  standIns: listOf(standInsShape),
  relations: listOf(relationShape),
  conflicts: listOf(conflictShape),
  leftOut: listOf(
    object<Plan['leftOut'][number]>({
      table: words,
      key: words,
      why: optional(words),
      reason: optional(reasonShape),
      isAsked: flag,
    }),
  ),
  attached: optional(
    listOf(
      object<NonNullable<Plan['attached']>[number]>({
        table: tableId,
        via: name,
        child: tableId,
        columns: listOf(name),
        keys: listOf(keyColumnShape),
        rows: count,
      }),
    ),
  ),
  elsewhere: optional(
    listOf(
      object<NonNullable<Plan['elsewhere']>[number]>({
        table: tableId,
        parent: tableId,
        via: name,
        before: listOf(nullable(text)),
        now: listOf(nullable(text)),
        rows: count,
        givesBack: nullable(givesBack),
      }),
    ),
  ),
  notInBackup: listOf(tableKey),
  coverage: listOf(coverageShape),
  unchanged: listOf(tableRows),
  alreadyLinked: listOf(tableRows),
  alsoMissing: listOf(
    object<MissingToo>({
      table: words,
      rows: count,
      via: words,
      reason: optional(missingReason),
      refusal: optional(refusalShape),
      onDelete: optional(deleteAction),
      below: optional(object<NeededRows>({ table: words, rows: count, keys: listOf(text), isAtMost: flag })),
      why: optional(words),
    }),
  ),
  lost: listOf(object<Plan['lost'][number]>({ table: words, column: words, values: count })),
  triggers: listOf(
    object<PlanTrigger>({
      table: tableId,
      name,
      events: listOf(words),
      reachesOutside: nullable(words),
      fires: flag,
    }),
  ),
  sequences: listOf(
    object<PlanSequence>({
      table: tableId,
      column: name,
      sequence: nullable(name),
      allocates: count,
      next: optional(integer),
      after: optional(nullable(integer)),
    }),
  ),
  defaults: listOf(object<Plan['defaults'][number]>({ table: words, column: words, value: words })),
  narrower: listOf(object<Plan['narrower'][number]>({ table: words, column: words, live: words, backup: words })),
  materialisedViews: listOf(words),
  missingFiles: listOf(
    object<Plan['missingFiles'][number]>({ table: words, column: words, keys: listOf(words), unchecked: count }),
  ),
  aside: listOf(object<Aside>({ table: words, constraint: words, column: nullable(words), rows: count })),
  notUndoable: listOf(
    object<Plan['notUndoable'][number]>({ table: words, publication: optional(name), why: optional(words) }),
  ),
  locksParents: flag,
  footprint: nullable(footprint),
  bytes: count,
  sources: record(sourceShape),
  edits: listOf(
    object<Plan['edits'][number]>({
      table: tableId,
      column: name,
      by: choice<Plan['edits'][number]['by']>({ set: true, 'map-enum': true, transform: true }),
      from: optional(words),
      to: optional(nullable(words)),
      rows: count,
    }),
  ),
  notFollowed: listOf(
    object<NotFollowed>({
      table: words,
      typeColumn: words,
      idColumn: words,
      type: words,
      rows: count,
      why: choice<NotFollowed['why']>({ 'unknown type': true, 'not approved': true, 'refers to it': true }),
    }),
  ),
  notes: optional(listOf(noteShape)),
  hints: optional(listOf(words)),
  answers: record(answerShape),
  answered: record(answerShape),
  hash: sha256,
}

/** A plan as this rowgraft makes it, and no more: what another one adds to it may change what it means. */
export const planShape: Shape<Plan> = object(planEntries)
