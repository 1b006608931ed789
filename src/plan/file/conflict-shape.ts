/** What a conflict of a plan must look like. Pure. */
import {
  choice,
  count,
  flag,
  listOf,
  nullable,
  object,
  oneOf,
  optional,
  type Shape,
  text,
  words,
} from '../../documents/shape.ts'
import type { Conflict } from '../conflicts.ts'
import { type Answer, answers, type FindingKind, type Help } from '../finding.ts'

export const answerShape: Shape<Answer> = oneOf(answers)

export const conflictShape: Shape<Conflict> = object<Conflict>({
  id: words,
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
  table: text,
  key: words,
  constraint: nullable(words),
  columns: listOf(text),
  values: listOf(nullable(words)),
  live: listOf(words),
  text: words,
  answers: listOf(object<Conflict['answers'][number]>({ answer: answerShape, does: words })),
  helps: optional(listOf(object<Help>({ flag: words, does: words }))),
  of: optional(count),
  firesAlways: optional(flag),
  uses: optional(listOf(object<NonNullable<Conflict['uses']>[number]>({ table: words, rows: count }))),
})
