/** What the refusal of a table must look like where it is read back. Pure. */
import {
  choice,
  count,
  listOf,
  name,
  object,
  oneOf,
  only,
  type Shape,
  text,
  variant,
  words,
} from '../../documents/shape.ts'
import type { Flaws, Hidden, SideName, TableRefusal } from './refusal.ts'

type Of<Kind extends TableRefusal['kind']> = Extract<TableRefusal, { readonly kind: Kind }>

const side: Shape<SideName> = choice<SideName>({ live: true, 'the backup': true })

const flaws = object<Flaws>({ side, empty: count, twice: count })

const hidden = {
  'without rows': object<Of<'without rows'>>({ kind: only('without rows'), side }),
  'row security': object<Of<'row security'>>({ kind: only('row security'), side }),
  'no select': object<Of<'no select'>>({
    kind: only('no select'),
    side,
    table: words,
    columns: listOf(name),
    user: text,
  }),
  'no type': object<Of<'no type'>>({ kind: only('no type'), grant: words, column: name }),
  'own equality': object<Of<'own equality'>>({
    kind: only('own equality'),
    of: oneOf(['key', 'reference']),
    column: name,
    type: words,
  }),
}

export const hiddenShape: Shape<Hidden> = variant<'kind', Hidden>('kind', hidden)

export const refusalShape: Shape<TableRefusal> = variant<'kind', TableRefusal>('kind', {
  ...hidden,
  excluded: object<Of<'excluded'>>({ kind: only('excluded') }),
  'no such key': object<Of<'no such key'>>({
    kind: only('no such key'),
    as: choice<Of<'no such key'>['as']>({ identity: true, junction: true, reference: true }),
    columns: listOf(name),
    flaws: listOf(flaws),
  }),
  'required column': object<Of<'required column'>>({ kind: only('required column'), column: name }),
  'other type': object<Of<'other type'>>({ kind: only('other type'), column: name, live: words, backup: words }),
  'other attributes': object<Of<'other attributes'>>({
    kind: only('other attributes'),
    column: name,
    live: listOf(words),
    backup: listOf(words),
  }),
  subscription: object<Of<'subscription'>>({ kind: only('subscription'), subscription: name }),
  rule: object<Of<'rule'>>({ kind: only('rule') }),
  period: object<Of<'period'>>({ kind: only('period'), constraint: name }),
  'nothing in common': object<Of<'nothing in common'>>({ kind: only('nothing in common') }),
  'no key': object<Of<'no key'>>({ kind: only('no key') }),
  'other key': object<Of<'other key'>>({ kind: only('other key'), live: listOf(name), backup: listOf(name) }),
  'key on one side': object<Of<'key on one side'>>({ kind: only('key on one side') }),
})
