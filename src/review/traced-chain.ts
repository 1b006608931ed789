/** Why a row is in a plan, row by row: the backup tells which row refers to which. */
import { sql } from 'kysely'
import type { Catalog } from '../catalog/catalog.ts'
import type { Relation } from '../catalog/relations.ts'
import { type SharedCatalog, type SharedTable, shareCatalogs } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import { packKey } from '../keys/key.ts'
import { keysOf } from '../keys/key-columns.ts'
import { type AskedRow, type ChainLink, cameFrom, findStepRow, linkOf, type StepRow } from '../plan/chain.ts'
import type { Plan } from '../plan/plan.ts'
import type { Step } from '../plan/step.ts'
import { joinRelation, refers } from '../sql/references.ts'
import { asText, fromTable, joinOn, keySource } from '../sql/rows.ts'

interface Related {
  readonly child: SharedTable
  readonly parent: SharedTable
  readonly relation: Relation
}

/** Packed keys of the rows at the other end of the relation that a row came by. */
const readRelated = async (
  backup: Reader,
  { child, parent, relation }: Related,
  { key, step }: StepRow,
): Promise<readonly string[]> => {
  const [own, other] = step.because === 'parent' ? ([parent, 'c'] as const) : ([child, 'p'] as const)
  const [from, to] = other === 'c' ? ['p', child] : ['c', parent]
  const rows = await backup.rows(sql`
    select ${asText(other, to.identity)}
    from ${keySource(own.backup, own.identity, [key])}
    join ${fromTable(own.backup)} as ${sql.id(from)} on ${joinOn(own.identity, from, 'k')}
    join ${fromTable(to.backup)} as ${sql.id(other)} on ${joinRelation(relation, 'c', 'p')}
    where ${refers(relation, 'backup', { table: child.backup, alias: 'c' })}`)
  return rows.map((values) => packKey(values))
}

const relatedBy = ({ relations, tables }: SharedCatalog, via: string | null): Related | null => {
  const relation = relations.find(({ id }) => id === via)
  const [child, parent] = [tables.get(relation?.child ?? ''), tables.get(relation?.parent ?? '')]
  return relation === undefined || child === undefined || parent === undefined ? null : { relation, child, parent }
}

/** The shortest chain of rows back to a selected one; the longest there is where rows came by one that is not written. Throws `bad-key`. */
export const traceChain = async (
  reader: Reader,
  { plan, live, backup }: { readonly plan: Plan; readonly live: Catalog; readonly backup: Catalog },
  row: AskedRow,
): Promise<readonly ChainLink[]> => {
  const catalog = shareCatalogs(live, backup, plan.declared)
  const positions = new Map<Step, ReadonlyMap<string, number>>()
  const positionsIn = (step: Step): ReadonlyMap<string, number> => {
    const known = positions.get(step) ?? new Map(keysOf(step.keys).map((key, position) => [key, position]))
    positions.set(step, known)
    return known
  }
  const start = findStepRow(plan, row)
  const seen = new Set([`${row.table}\0${row.key}`])
  /** The rows that a row may have come along with, each met once. */
  const reasonsOf = async (last: StepRow): Promise<readonly StepRow[]> => {
    const via = plan.relations.find(({ id }) => id === last.step.via)
    const related = relatedBy(catalog, last.step.via)
    if (via === undefined || related === null) return []
    const keys = await readRelated(reader, related, last)
    const steps = plan.steps.filter(({ table }) => table === cameFrom(last.step, via))
    return steps.flatMap((step) =>
      keys.flatMap((key) => {
        const position = positionsIn(step).get(key)
        const name = `${step.table}\0${key}`
        if (position === undefined || seen.has(name)) return []
        seen.add(name)
        return [{ step, key, position }]
      }),
    )
  }
  let [ways, longest]: [readonly (readonly StepRow[])[], readonly StepRow[]] = [[[start]], [start]]
  while (ways.length > 0) {
    const done = ways.find((way) => way.at(-1)?.step.because === 'selected')
    longest = done ?? ways[0] ?? longest
    if (done !== undefined) break
    const next: (readonly StepRow[])[] = []
    for (const way of ways) for (const reason of await reasonsOf(way.at(-1) ?? start)) next.push([...way, reason])
    ways = next
  }
  return longest.map(({ step, key, position }) => linkOf(plan, step, { keys: [key], position }))
}
