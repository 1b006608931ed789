/**
 * A case as plain data: tables with their rows, what happened to live since, what is asked for, and how questions are answered. Numbers
 * point into whatever there is, so that every case means something and every smaller one does too.
 */
import fc from 'fast-check'

export type KeyKind =
  | 'plain'
  | 'serial'
  | 'identity'
  | 'text'
  | 'uuid'
  | 'pair'
  | 'parent'
  | 'numbered'
  | 'link'
  | 'link id'

/** Where a column's values come from: one of the row's own, one of a few, often none, a number that moves, a time that rises with the key. */
export type Pool = 'own' | 'few' | 'null' | 'count' | 'made'

export interface ReferenceSpec {
  /** The position of a table; where that cannot be referred to, the nearest before it that can. */
  readonly to: number
  readonly isNullable: boolean
  readonly onDelete: 'cascade' | 'set null' | 'no action' | 'restrict'
}

export interface TableSpec {
  readonly key: KeyKind
  readonly pools: readonly Pool[]
  /** It has a unique code beside its key. */
  readonly hasCode: boolean
  readonly references: readonly ReferenceSpec[]
  /** Its names need quotes. */
  readonly isOdd: boolean
  /** Where a trigger counts its rows: in a column of their parent, or in a table of its own. */
  readonly counts: 'no' | 'parent' | 'stats'
  readonly isTouched: boolean
  /** A trigger logs its changes, in rows that name it or refer to it. */
  readonly audit: 'no' | 'loose' | 'tied'
  readonly rows: readonly RowSpec[]
}

export interface RowSpec {
  readonly value: number
  readonly to: readonly number[]
}

/** How many of a stranger's columns differ from the record whose key it got. */
export type Difference = 'all' | 'most' | 'half' | 'few'

export type DamageSpec =
  | { readonly op: 'delete'; readonly table: number; readonly rows: readonly number[] }
  | {
      readonly op: 'replace'
      readonly table: number
      readonly row: number
      readonly differs: Difference
      readonly children: number
    }
  | { readonly op: 'edit'; readonly table: number; readonly row: number; readonly columns: 'one' | 'some' | 'most' }
  | {
      readonly op: 'arrive'
      readonly table: number
      readonly key: 'next' | 'freed'
      readonly row: RowSpec
      readonly differs: Difference
    }
  | { readonly op: 'move'; readonly table: number; readonly row: number; readonly to: number }

export interface SelectorSpec {
  readonly by: 'keys' | 'where' | 'all missing' | 'under' | 'statement' | 'incident' | 'keys from' | 'select'
  readonly picks: readonly number[]
}

export interface OptionsSpec {
  readonly keys: 'auto' | 'keep' | 'new'
  readonly children: 'all' | 'cascade' | 'none'
  readonly parents: 'restore' | 'stop' | 'null'
  readonly links: 'existing' | 'pull' | 'none'
  readonly relink: 'evidence' | 'all' | 'none'
  /** Written without triggers, each table's keys checked as a whole. */
  readonly isBulk: boolean
  /** How many rows one transaction writes, about. */
  readonly commitEvery: 'all' | 'one' | 'three'
}

export interface CaseSpec {
  readonly tables: readonly TableSpec[]
  readonly damage: readonly DamageSpec[]
  readonly selector: SelectorSpec
  readonly options: OptionsSpec
  /** Which of several ways is taken, one after the other. */
  readonly choices: readonly number[]
  /** As command lines instead of calls. */
  readonly isTyped: boolean
}

const number = fc.nat(99)

/** The first is what a case shrinks to; the numbers are weights. */
const weighted = <T extends string | boolean>(...values: readonly (readonly [T, number])[]): fc.Arbitrary<T> =>
  fc.constantFrom(...values.flatMap(([value, weight]) => Array.from({ length: weight }, () => value)))

const row: fc.Arbitrary<RowSpec> = fc.record({ value: number, to: fc.tuple(number, number) })

const reference: fc.Arbitrary<ReferenceSpec> = fc.record({
  to: fc.nat(4),
  isNullable: weighted([false, 1], [true, 1]),
  onDelete: weighted(['cascade', 4], ['set null', 2], ['no action', 2], ['restrict', 1]),
})

const table = (hasTriggers: boolean): fc.Arbitrary<TableSpec> =>
  fc.record({
    key: weighted<KeyKind>(
      ['plain', 4],
      ['serial', 4],
      ['identity', 2],
      ['text', 1],
      ['uuid', 1],
      ['pair', 2],
      ['parent', 1],
      ['numbered', 2],
      ['link', 2],
      ['link id', 1],
    ),
    pools: fc.array(weighted<Pool>(['own', 5], ['few', 2], ['null', 1], ['count', 1], ['made', 1]), {
      minLength: 1,
      maxLength: 5,
    }),
    hasCode: weighted([false, 2], [true, 1]),
    references: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 6, arbitrary: fc.array(reference, { minLength: 1, maxLength: 2 }) },
    ),
    isOdd: weighted([false, 5], [true, 1]),
    counts: hasTriggers ? weighted(['no', 2], ['parent', 1], ['stats', 1]) : fc.constant('no' as const),
    isTouched: hasTriggers ? weighted([false, 3], [true, 1]) : fc.constant(false),
    audit: hasTriggers ? weighted(['no', 5], ['loose', 1], ['tied', 1]) : fc.constant('no' as const),
    rows: fc.array(row, { minLength: 2, maxLength: 6 }),
  })

const differs = weighted<Difference>(['all', 4], ['most', 3], ['half', 1], ['few', 1])

const deletion: fc.Arbitrary<DamageSpec> = fc.record({
  op: fc.constant('delete' as const),
  table: number,
  rows: fc.array(number, { minLength: 1, maxLength: 3 }),
})

const replacement: fc.Arbitrary<DamageSpec> = fc.record({
  op: fc.constant('replace' as const),
  table: number,
  row: number,
  differs,
  children: fc.nat(2),
})

const edit: fc.Arbitrary<DamageSpec> = fc.record({
  op: fc.constant('edit' as const),
  table: number,
  row: number,
  columns: weighted<'one' | 'some' | 'most'>(['one', 4], ['some', 2], ['most', 1]),
})

const arrival: fc.Arbitrary<DamageSpec> = fc.record({
  op: fc.constant('arrive' as const),
  table: number,
  key: weighted<'next' | 'freed'>(['next', 1], ['freed', 2]),
  row,
  differs,
})

const move: fc.Arbitrary<DamageSpec> = fc.record({
  op: fc.constant('move' as const),
  table: number,
  row: number,
  to: number,
})

/** Something goes first, or there would be nothing to ask for. */
const damage: fc.Arbitrary<readonly DamageSpec[]> = fc
  .tuple(
    fc.oneof(deletion, replacement),
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: deletion },
        { weight: 3, arbitrary: replacement },
        { weight: 2, arbitrary: edit },
        { weight: 2, arbitrary: arrival },
        { weight: 1, arbitrary: move },
      ),
      { minLength: 0, maxLength: 5 },
    ),
  )
  .map(([first, others]) => [first, ...others])

const selector: fc.Arbitrary<SelectorSpec> = fc.record({
  by: weighted(
    ['all missing', 4],
    ['keys', 4],
    ['where', 1],
    ['under', 2],
    ['statement', 2],
    ['incident', 1],
    ['keys from', 1],
    ['select', 1],
  ),
  picks: fc.array(number, { minLength: 1, maxLength: 4 }),
})

const options: fc.Arbitrary<OptionsSpec> = fc.record({
  keys: weighted(['auto', 5], ['keep', 1], ['new', 2]),
  children: weighted(['all', 8], ['cascade', 1], ['none', 1]),
  parents: weighted(['restore', 8], ['stop', 1], ['null', 1]),
  links: weighted(['existing', 6], ['pull', 1], ['none', 1]),
  relink: weighted(['evidence', 5], ['all', 2], ['none', 1]),
  isBulk: weighted([false, 7], [true, 1]),
  commitEvery: weighted(['all', 7], ['one', 1], ['three', 1]),
})

/** Cases; some with triggers that count, log and touch, or all without. */
export const cases = ({ hasTriggers }: { readonly hasTriggers: boolean }): fc.Arbitrary<CaseSpec> =>
  fc.record({
    tables: fc.array(table(hasTriggers), { minLength: 2, maxLength: 5 }),
    damage,
    selector,
    options,
    choices: fc.array(number, { minLength: 6, maxLength: 6 }),
    isTyped: weighted([false, 9], [true, 1]),
  })
