/** Smaller cases than one: each leaves something out, or makes it plainer. The biggest steps first. Pure. */
import type { CaseSpec, DamageSpec, OptionsSpec, TableSpec } from './spec.ts'

const without = <T>(items: readonly T[], at: number): readonly T[] => items.filter((_, index) => index !== at)

const withItem = <T>(items: readonly T[], at: number, item: T): readonly T[] =>
  items.map((old, index) => (index === at ? item : old))

/** Positions as they are once a table is gone. */
const shift = (position: number, gone: number): number => (position > gone ? position - 1 : position)

const withoutTable = (spec: CaseSpec, gone: number): CaseSpec => ({
  ...spec,
  tables: without(spec.tables, gone).map((table) => ({
    ...table,
    references: table.references.map((each) => ({ ...each, to: shift(each.to, gone) })),
  })),
  damage: spec.damage.map((each) => ({ ...each, table: shift(each.table % spec.tables.length, gone) })),
})

const plainerTables = (table: TableSpec): readonly TableSpec[] => [
  ...(table.rows.length > 1 ? [{ ...table, rows: table.rows.slice(0, Math.ceil(table.rows.length / 2)) }] : []),
  ...(table.rows.length > 2 ? [{ ...table, rows: table.rows.slice(0, -1) }] : []),
  ...table.references.map((_, at) => ({ ...table, references: without(table.references, at) })),
  ...(table.key === 'plain' ? [] : [{ ...table, key: 'plain' } as const]),
  ...(table.counts === 'no' ? [] : [{ ...table, counts: 'no' } as const]),
  ...(table.audit === 'no' ? [] : [{ ...table, audit: 'no' } as const]),
  ...(table.isTouched ? [{ ...table, isTouched: false }] : []),
  ...(table.hasCode ? [{ ...table, hasCode: false }] : []),
  ...(table.isOdd ? [{ ...table, isOdd: false }] : []),
  ...(table.pools.length > 1 ? [{ ...table, pools: table.pools.slice(0, -1) }] : []),
]

const plainerDamage = (damage: DamageSpec): readonly DamageSpec[] => {
  if (damage.op === 'delete' && damage.rows.length > 1) return [{ ...damage, rows: damage.rows.slice(0, 1) }]
  return damage.op === 'replace' && damage.children > 0 ? [{ ...damage, children: 0 }] : []
}

const plainest: OptionsSpec = {
  keys: 'auto',
  children: 'all',
  parents: 'restore',
  links: 'existing',
  relink: 'evidence',
  isBulk: false,
  commitEvery: 'all',
}

export function* smallerCases(spec: CaseSpec): Generator<CaseSpec> {
  if (spec.isTyped) yield { ...spec, isTyped: false }
  for (const at of spec.damage.keys()) {
    if (spec.damage.length > 1) yield { ...spec, damage: without(spec.damage, at) }
  }
  for (const at of [...spec.tables.keys()].reverse()) {
    if (spec.tables.length > 1) yield withoutTable(spec, at)
  }
  for (const name of Object.keys(plainest) as (keyof OptionsSpec)[]) {
    if (spec.options[name] !== plainest[name]) {
      yield { ...spec, options: { ...spec.options, [name]: plainest[name] } }
    }
  }
  for (const [at, table] of spec.tables.entries()) {
    for (const plainer of plainerTables(table)) yield { ...spec, tables: withItem(spec.tables, at, plainer) }
  }
  for (const [at, damage] of spec.damage.entries()) {
    for (const plainer of plainerDamage(damage)) yield { ...spec, damage: withItem(spec.damage, at, plainer) }
  }
  if (spec.selector.picks.length > 1) {
    yield { ...spec, selector: { ...spec.selector, picks: spec.selector.picks.slice(0, 1) } }
  }
  if (spec.selector.by !== 'all missing') {
    yield { ...spec, selector: { ...spec.selector, by: 'all missing' } }
  }
}
