/** What the reason of a row that stays out must look like. Pure. */
import { hiddenShape, refusalShape } from '../../catalog/refusal/refusal-shape.ts'
import {
  choice,
  count,
  flag,
  listOf,
  object,
  only,
  optional,
  type Shape,
  variant,
  words,
} from '../../documents/shape.ts'
import type { UnlinkedBecause } from '../../selection/left-out.ts'
import type { InTheWay } from '../finding.ts'
import type { StaysOutReason } from '../left-out.ts'
import { inTheWayEntries } from './conflict-shape.ts'

type Of<Kind extends StaysOutReason['kind']> = Extract<StaysOutReason, { readonly kind: Kind }>

export const reasonShape: Shape<StaysOutReason> = variant<'kind', StaysOutReason>('kind', {
  'end gone': object<Of<'end gone'>>({ kind: only('end gone'), table: words, key: words, canPull: flag }),
  'end barred': object<Of<'end barred'>>({ kind: only('end barred'), table: words, key: words }),
  'end hidden': object<Of<'end hidden'>>({
    kind: only('end hidden'),
    table: words,
    because: optional(hiddenShape),
    hidden: optional(words),
  }),
  'cannot be compared': object<Of<'cannot be compared'>>({
    kind: only('cannot be compared'),
    parent: words,
    because: optional(refusalShape),
    refusal: optional(words),
    rows: optional(count),
  }),
  'cannot be restored': object<Of<'cannot be restored'>>({
    kind: only('cannot be restored'),
    because: optional(refusalShape),
    refusal: optional(words),
  }),
  never: object<Of<'never'>>({ kind: only('never') }),
  'marked in the backup': object<Of<'marked in the backup'>>({ kind: only('marked in the backup') }),
  'dropped by its transform': object<Of<'dropped by its transform'>>({ kind: only('dropped by its transform') }),
  'no row for columns': object<Of<'no row for columns'>>({ kind: only('no row for columns') }),
  'hit and missing': object<Of<'hit and missing'>>({ kind: only('hit and missing') }),
  'hit and reused': object<Of<'hit and reused'>>({ kind: only('hit and reused') }),
  'hit and doubtful': object<Of<'hit and doubtful'>>({ kind: only('hit and doubtful'), columns: listOf(words) }),
  'hit and restored': object<Of<'hit and restored'>>({ kind: only('hit and restored'), live: words }),
  'parent refused': object<Of<'parent refused'>>({ kind: only('parent refused'), table: words, key: words }),
  'anchor refused': object<Of<'anchor refused'>>({ kind: only('anchor refused') }),
  skipped: object<Of<'skipped'>>({
    kind: only('skipped'),
    conflict: words,
    inTheWay: optional(object<InTheWay>(inTheWayEntries)),
    said: optional(words),
  }),
  'looks like another': object<Of<'looks like another'>>({
    kind: only('looks like another'),
    columns: listOf(words),
    canComeBeside: flag,
  }),
  'relink none': object<Of<'relink none'>>({ kind: only('relink none'), columns: listOf(words), isDefault: flag }),
  'not relinked': object<Of<'not relinked'>>({
    kind: only('not relinked'),
    columns: listOf(words),
    because: choice<UnlinkedBecause>({
      'at its default': true,
      'another record': true,
      'empty before': true,
      'written since': true,
    }),
  }),
})
