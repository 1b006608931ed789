/** What a note of a plan must look like. Pure. */
import { choice, count, listOf, name, object, only, type Shape, variant, words } from '../../documents/shape.ts'
import type { Note, TypedColumn } from '../notes/note.ts'

type Of<Kind extends Note['kind']> = Extract<Note, { readonly kind: Kind }>

const typedColumn = { column: name, type: words }

export const noteShape: Shape<Note> = variant<'kind', Note>('kind', {
  'looks renamed': object<Of<'looks renamed'>>({
    kind: only('looks renamed'),
    table: words,
    column: name,
    from: name,
  }),
  'unfollowed keys': object<Of<'unfollowed keys'>>({
    kind: only('unfollowed keys'),
    table: words,
    columns: listOf(object<Of<'unfollowed keys'>['columns'][number]>({ table: words, ...typedColumn })),
  }),
  'server bound': object<Of<'server bound'>>({
    kind: only('server bound'),
    table: words,
    columns: listOf(object<TypedColumn>(typedColumn)),
  }),
  tree: object<Of<'tree'>>({
    kind: only('tree'),
    table: words,
    columns: listOf(name),
    tree: choice<Of<'tree'>['tree']>({ 'nested sets': true, paths: true }),
  }),
  'trigger rows': object<Of<'trigger rows'>>({ kind: only('trigger rows'), table: words }),
  counts: object<Of<'counts'>>({ kind: only('counts'), table: words, columns: listOf(name) }),
  unindexed: object<Of<'unindexed'>>({
    kind: only('unindexed'),
    table: words,
    columns: words,
    parent: words,
    rows: count,
  }),
})
