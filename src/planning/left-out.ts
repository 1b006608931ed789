/** What stays out of a plan, and why: rows left out, and rows that are missing too but not followed. Pure. */
import { isBookkeeping } from '../catalog/conventions/bookkeeping.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import { compareKeys } from '../keys/key-order.ts'
import { type Conflict, type ConflictLog, inTheWayOf } from '../plan/conflicts.ts'
import type { StaysOut } from '../plan/left-out.ts'
import type { PlanOptions } from '../plan/options.ts'
import type { MissingToo, Plan } from '../plan/plan.ts'
import type { Untouched } from '../selection/all-missing.ts'
import type { Relinking, Survivor } from '../selection/closure/survivors.ts'
import type { LeftOut, LeftOutReason } from '../selection/left-out.ts'
import type { Decision } from './decide.ts'
import type { NeededBelow } from './needed-below.ts'

const byKey = (a: Survivor, b: Survivor): number => compareKeys(a.key, b.key)

/** Why a survivor is not written; null where it is. */
const whyUnlinked = ({ emptied, isDefault }: Survivor, relinking: Relinking | undefined): LeftOutReason | null => {
  if (relinking === 'relink' || relinking === 'edited since') return null
  if (relinking === undefined) return { kind: 'relink none', columns: emptied, isDefault }
  return { kind: 'not relinked', columns: emptied, because: relinking }
}

const toLeftOut = ({ table, refusal }: Untouched): LeftOut => ({
  table,
  key: '*',
  reason: { kind: 'cannot be restored', ...(refusal === null ? {} : { because: refusal }) },
})

/** Rows that stay out. Those that are back already are not among them. `survivors` are those that were judged. */
export const listLeftOut = (
  decision: Decision,
  survivors: ReadonlyMap<Survivor, Relinking>,
  log: ConflictLog,
): Plan['leftOut'] => {
  // What would have gone to a changed parent is left out itself; nothing is left out with a row that is back already.
  const isRow = ({ kind, of, uses = [] }: Conflict): boolean =>
    (kind !== 'looks restored' || of !== undefined) && uses.length === 0
  const skipped = log.skipped.filter(isRow)
  const untouched = decision.untouched.filter(({ rows }) => rows === null)
  const asked: readonly StaysOut[] = [
    ...decision.leftOut,
    ...untouched.filter(({ isAbsent }) => isAbsent === true).map(toLeftOut),
    ...skipped.map((conflict): StaysOut => {
      const { id, table, key } = conflict
      return { table, key, reason: { kind: 'skipped', conflict: id, inTheWay: inTheWayOf(conflict) } }
    }),
  ]
  const others: readonly LeftOut[] = [
    ...[...decision.dropped].flatMap(([table, keys]) =>
      [...keys].map((key): LeftOut => ({ table, key: displayKey(key), reason: { kind: 'dropped by its transform' } })),
    ),
    ...untouched.filter(({ isAbsent }) => isAbsent !== true).map(toLeftOut),
    ...decision.closure.leftOut.filter(
      ({ table, key }) =>
        !decision.leftOut.some((row) => row.table === table && row.key === key) &&
        !untouched.some((own) => own.isAbsent === true && own.table === table),
    ),
    ...decision.lookalikes.map(({ table, key, columns, canComeBeside }): LeftOut => {
      return { table, key, reason: { kind: 'looks like another', columns, canComeBeside } }
    }),
    ...[...decision.closure.survivors].sort(byKey).flatMap((survivor): readonly LeftOut[] => {
      const reason = whyUnlinked(survivor, survivors.get(survivor))
      return reason === null ? [] : [{ table: survivor.relation.child, key: displayKey(survivor.key), reason }]
    }),
  ]
  return [...asked.map((row) => ({ ...row, isAsked: true })), ...others.map((row) => ({ ...row, isAsked: false }))]
}

/** Missing rows behind keys that are not followed, and why each key is not. */
export const listAlsoMissing = (
  decision: Decision,
  catalog: SharedCatalog,
  { children, links, without, below }: PlanOptions & { readonly below: readonly NeededBelow[] },
): Plan['alsoMissing'] => {
  const { closure, followers } = decision
  const behind = [...closure.alsoMissing].map(([relation, rows]) => {
    const { id, child, onDelete, isLink } = relation
    const table = catalog.tables.get(child)
    const refusal = table?.refusal ?? null
    const because = (): Pick<MissingToo, 'reason' | 'refusal' | 'onDelete'> => {
      if (refusal !== null) return { reason: 'cannot be restored', refusal }
      if (without.includes(child)) return { reason: 'without' }
      if (table !== undefined && isBookkeeping(table)) return { reason: 'bookkeeping' }
      if (isLink && links === 'none') return { reason: 'links' }
      if (children !== 'all' && !(children === 'cascade' && onDelete === 'cascade')) return { reason: 'children' }
      if (onDelete === 'set null' || onDelete === 'set default') return { reason: 'emptied', onDelete }
      return { reason: 'unhooked' }
    }
    return { table: child, via: id, rows, ...because() }
  })
  const following = [...followers]
    .filter(([, rows]) => rows > 0)
    .map(([table, rows]) => ({
      table,
      via: '',
      rows,
      reason: 'follows' as const,
    }))
  // They are counted whole: not once more as what belonged to others.
  const untouched = decision.untouched.flatMap(({ table, rows }) =>
    rows === null ? [] : [{ table, via: '', rows, reason: 'bookkeeping' as const }],
  )
  const isUntouched = (id: string): boolean => untouched.some(({ table }) => table === id)
  const needed = below.map((own) => ({
    table: own.relation.child,
    via: own.relation.id,
    rows: own.rows,
    reason: 'needed' as const,
    below: {
      table: own.relation.parent,
      keys: own.parents.map(displayKey),
      rows: own.parentCount,
      isAtMost: own.isAtMost,
    },
  }))
  return [...[...behind, ...needed].filter(({ table }) => !isUntouched(table)), ...following, ...untouched]
}

/** Links of the plan that live has already: as they are, or with their ends mapped. */
export const countLinked = ({ closure, mapping }: Decision): Plan['alreadyLinked'] =>
  [...new Set([...closure.members.keys(), ...closure.linked.keys()])].sort().flatMap((table) => {
    const rows = new Set([...mapping.of(table).linked, ...(closure.linked.get(table) ?? [])]).size
    return rows === 0 ? [] : [{ table, rows }]
  })
