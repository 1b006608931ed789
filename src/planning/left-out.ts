/** What stays out of a plan, and why: rows left out, and rows that are missing too but not followed. Pure. */
import { whyBookkeeping } from '../catalog/conventions/bookkeeping.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { displayAlone, shellWord } from '../database/display.ts'
import { displayKey } from '../keys/key.ts'
import { compareKeys } from '../keys/key-order.ts'
import type { Conflict, ConflictLog } from '../plan/conflicts.ts'
import type { PlanOptions } from '../plan/options.ts'
import type { Plan } from '../plan/plan.ts'
import type { Relinking, Survivor } from '../selection/closure/survivors.ts'
import type { Decision } from './decide.ts'
import type { Lookalike } from './probe/lookalikes.ts'

const unlinked: Readonly<Record<Exclude<Relinking, 'relink' | 'edited since'>, string>> = {
  'at its default': 'its reference stands at the default; --relink all writes it',
  'another record': 'it has other values, and may be another record by now; --relink all writes it',
  'empty before': 'its reference was empty before the deletion; --relink all writes it',
  'written since': 'the row was written after the deletion, so who emptied it is not known; --relink all writes it',
}

const names = (columns: readonly string[]): string => columns.map(displayAlone).join(', ')

const byKey = (a: Survivor, b: Survivor): number => compareKeys(a.key, b.key)

/** Why a survivor is not written; null where it is. */
const whyUnlinked = ({ emptied, isDefault }: Survivor, relinking: Relinking | undefined): string | null => {
  if (relinking === 'relink' || relinking === 'edited since') return null
  const stays = emptied.length === 1 ? 'stays' : 'stay'
  if (relinking === undefined)
    return `${names(emptied)} ${stays} ${isDefault ? 'at the default' : 'empty'} (--relink none)`
  return `${names(emptied)}: ${unlinked[relinking]}`
}

const whyLookalike = ({ table, columns, canComeBeside }: Lookalike): string => {
  const help = canComeBeside
    ? `; select it, with --on-conflict ${shellWord(`${table}=allocate`)}, to bring the backup's back beside it`
    : ''
  return `live has a row of this key with other values in ${names(columns)}, which may be another record${help}`
}

/** Rows that stay out. Those that are back already are not among them. `survivors` are those that were judged. */
export const listLeftOut = (
  decision: Decision,
  survivors: ReadonlyMap<Survivor, Relinking>,
  log: ConflictLog,
): Plan['leftOut'] => {
  // What would have gone to a changed parent is left out itself; nothing is left out with a row that is back already.
  const isRow = ({ kind, of, uses = [] }: Conflict): boolean =>
    (kind !== 'looks restored' || of !== undefined) && uses.length === 0
  const skipped = log.conflicts.filter((conflict) => log.answers[conflict.id] === 'skip' && isRow(conflict))
  return [
    ...decision.leftOut.map((row) => ({ ...row, isAsked: true })),
    ...skipped.map(({ table, key, text }) => ({ table, key, why: text, isAsked: true })),
    ...[...decision.dropped].flatMap(([table, keys]) =>
      [...keys].map((key) => ({ table, key: displayKey(key), why: 'its transform leaves it out', isAsked: false })),
    ),
    ...decision.untouched.flatMap(({ table, rows, why }) =>
      rows === null ? [{ table, key: '*', why: `it cannot be restored: ${why}`, isAsked: false }] : [],
    ),
    ...decision.closure.leftOut
      .filter(({ table, key }) => !decision.leftOut.some((row) => row.table === table && row.key === key))
      .map(({ table, key, why }) => ({ table, key, why, isAsked: false })),
    ...decision.lookalikes.map((row) => ({ table: row.table, key: row.key, why: whyLookalike(row), isAsked: false })),
    ...[...decision.closure.survivors].sort(byKey).flatMap((survivor) => {
      const why = whyUnlinked(survivor, survivors.get(survivor))
      return why === null
        ? []
        : [{ table: survivor.relation.child, key: displayKey(survivor.key), why, isAsked: false }]
    }),
  ]
}

/** Missing rows behind keys that are not followed, and why each key is not. */
export const listAlsoMissing = (
  decision: Decision,
  catalog: SharedCatalog,
  { children, links, without }: PlanOptions,
): Plan['alsoMissing'] => {
  const { closure, followers } = decision
  const behind = [...closure.alsoMissing].map(([relation, rows]) => {
    const { id, child, onDelete, isLink } = relation
    const table = catalog.tables.get(child)
    const refusal = table?.refusal ?? null
    const bookkeeping = table === undefined ? null : whyBookkeeping(table)
    const reason = (): string => {
      if (refusal !== null) return `it cannot be restored: ${refusal}`
      if (without.includes(child)) return `--without ${child}`
      if (bookkeeping !== null) return bookkeeping
      if (isLink && links === 'none') return '--links none'
      if (children !== 'all' && !(children === 'cascade' && onDelete === 'cascade')) return `--children ${children}`
      if (onDelete === 'set null' || onDelete === 'set default') return `${onDelete}: they were not deleted with it`
      return 'others of it survived unhooked; select it to bring it back'
    }
    return { table: child, via: id, rows, why: reason() }
  })
  const following = [...followers]
    .filter(([, rows]) => rows > 0)
    .map(([table, rows]) => ({ table, via: '', rows, why: 'came only because of rows that are left out' }))
  // They are counted whole: not once more as what belonged to others.
  const untouched = decision.untouched.flatMap(({ table, rows, why }) =>
    rows === null ? [] : [{ table, via: '', rows, why }],
  )
  const isUntouched = (id: string): boolean => untouched.some(({ table }) => table === id)
  return [...behind.filter(({ table }) => !isUntouched(table)), ...following, ...untouched]
}

/** Links of the plan that live has already: as they are, or with their ends mapped. */
export const countLinked = ({ closure, mapping }: Decision): Plan['alreadyLinked'] =>
  [...new Set([...closure.members.keys(), ...closure.linked.keys()])].sort().flatMap((table) => {
    const rows = new Set([...mapping.of(table).linked, ...(closure.linked.get(table) ?? [])]).size
    return rows === 0 ? [] : [{ table, rows }]
  })
