/** What a conflict of a plan must look like. Pure. */
import { hiddenShape, refusalShape } from '../../catalog/refusal/refusal-shape.ts'
import {
  choice,
  count,
  type Entries,
  either,
  flag,
  listOf,
  name,
  nullable,
  object,
  oneOf,
  only,
  optional,
  type Shape,
  text,
  variant,
  words,
} from '../../documents/shape.ts'
import type { Lacking, MissingParent } from '../../selection/missing-parent.ts'
import type { Conflict, WordedHelp } from '../conflicts.ts'
import { type Answer, answers, type FindingKind, type FindingPart, type Help, type InTheWay } from '../finding.ts'

export const answerShape: Shape<Answer> = oneOf(answers)

type Because<Kind extends Lacking['kind']> = Extract<Lacking, { readonly kind: Kind }>

const lacking: Shape<Lacking> = variant<'kind', Lacking>('kind', {
  hidden: object<Because<'hidden'>>({ kind: only('hidden'), refusal: hiddenShape }),
  nowhere: object<Because<'nowhere'>>({ kind: only('nowhere') }),
  'without rows': object<Because<'without rows'>>({ kind: only('without rows') }),
  'only in live': object<Because<'only in live'>>({ kind: only('only in live'), columns: listOf(name) }),
  'left out': object<Because<'left out'>>({ kind: only('left out') }),
  barred: object<Because<'barred'>>({ kind: only('barred') }),
  option: object<Because<'option'>>({
    kind: only('option'),
    option: choice<Because<'option'>['option']>({ 'parents stop': true, 'parents null': true, without: true }),
  }),
  'cannot be restored': object<Because<'cannot be restored'>>({
    kind: only('cannot be restored'),
    refusal: refusalShape,
  }),
  'of a migration': object<Because<'of a migration'>>({ kind: only('of a migration'), name: words }),
})

type Helping<Kind extends Help['kind']> = Extract<Help, { readonly kind: Kind }>

const help: Shape<Help> = variant<'kind', Help>('kind', {
  value: object<Helping<'value'>>({ kind: only('value'), column: name }),
  transform: object<Helping<'transform'>>({ kind: only('transform'), column: name }),
  empty: object<Helping<'empty'>>({ kind: only('empty'), column: name }),
  'parent value': object<Helping<'parent value'>>({ kind: only('parent value'), table: words, column: name }),
  'restore parents': object<Helping<'restore parents'>>({ kind: only('restore parents') }),
  'null parents': object<Helping<'null parents'>>({ kind: only('null parents'), columns: listOf(name) }),
  'map label': object<Helping<'map label'>>({
    kind: only('map label'),
    column: name,
    label: words,
    labels: listOf(words),
  }),
  identity: object<Helping<'identity'>>({ kind: only('identity') }),
})

const worded = object<WordedHelp>({ flag: words, does: words })

const taken: Entries<Pick<InTheWay, 'columns' | 'values' | 'live'>> = {
  columns: listOf(text),
  values: listOf(nullable(words)),
  live: listOf(words),
}

export const inTheWayEntries: Entries<InTheWay> = {
  kind: choice<FindingKind>({
    'key taken': true,
    'unique taken': true,
    'unique twice': true,
    exclusion: true,
    'several live rows': true,
    'missing parent': true,
    changed: true,
    'parent changed': true,
    'looks restored': true,
    'edited since': true,
    'enum label': true,
    'large object': true,
    partition: true,
    triggers: true,
  }),
  constraint: nullable(words),
  ...taken,
  expressions: optional(listOf(words)),
  parts: optional(listOf(object<FindingPart>({ constraint: words, isExclusion: flag, ...taken }))),
  other: optional(words),
  parent: optional(object<MissingParent>({ table: words, key: nullable(words), because: lacking })),
  labels: optional(listOf(listOf(words))),
  isThere: optional(listOf(flag)),
  of: optional(count),
  uses: optional(listOf(object<NonNullable<InTheWay['uses']>[number]>({ table: words, rows: count }))),
  isRevived: optional(flag),
  reachesOutside: optional(words),
  firesAlways: optional(flag),
  isRenamed: optional(flag),
}

export const conflictShape: Shape<Conflict> = object<Conflict>({
  id: words,
  table: text,
  key: words,
  ...inTheWayEntries,
  answers: listOf(object<Conflict['answers'][number]>({ answer: answerShape, does: optional(words) })),
  helps: optional(listOf(either<Help, WordedHelp>(help, worded, 'is no help that is known'))),
  text: optional(words),
})
