/** What a selection must look like, and what became of it. Pure. */
import * as v from 'valibot'
import {
  choice,
  count,
  isTexts,
  listOf,
  name,
  nullable,
  object,
  only,
  optional,
  type Shape,
  text,
  variant,
  words,
} from '../documents/shape.ts'
import type { Key } from '../keys/key.ts'
import type { Coverage, NotMissing } from './coverage.ts'
import type { Selection, Selector } from './selection.ts'

type Kind<By extends Selector['by']> = Extract<Selector, { readonly by: By }>

/** A file of keys may list millions. */
const keys: Shape<readonly Key[]> = v.custom<readonly Key[]>(
  (value) => Array.isArray(value) && value.every(isTexts),
  'is not a list of keys, each of them a list of texts',
)

const selector: Shape<Selector> = variant<'by', Selector>('by', {
  keys: object<Kind<'keys'>>({
    by: only('keys'),
    table: name,
    keys,
    columns: optional(listOf(name)),
    isListed: optional(only(true)),
    only: optional(listOf(name)),
  }),
  where: object<Kind<'where'>>({ by: only('where'), table: name, where: text }),
  'all missing': object<Kind<'all missing'>>({ by: only('all missing'), table: nullable(name) }),
  under: object<Kind<'under'>>({ by: only('under'), table: name, keys }),
  incident: object<Kind<'incident'>>({
    by: only('incident'),
    id: text,
    without: optional(listOf(name)),
    overwrote: optional(name),
  }),
  statement: object<Kind<'statement'>>({ by: only('statement'), statement: text, at: nullable(text) }),
})

export const selectionShape: Shape<Selection> = object<Selection>({
  selectors: listOf(selector),
  columns: nullable(listOf(name)),
})

export const coverageShape: Shape<Coverage> = object<Coverage>({
  source: choice<Coverage['source']>({ '--statement': true, '--incident': true, '--keys-from': true }),
  action: nullable(choice<NonNullable<Coverage['action']>>({ delete: true, update: true, truncate: true })),
  table: words,
  hits: count,
  missing: count,
  damaged: count,
  editedSince: count,
  alreadyRight: count,
  changed: count,
  restored: count,
  notInBackup: count,
  rows: listOf(
    object<Coverage['rows'][number]>({
      key: words,
      state: choice<NotMissing>({ unchanged: true, changed: true, restored: true, 'not in the backup': true }),
    }),
  ),
})
