/** What may come along, as the user decides it. Pure. */
import type { Relation } from '../../catalog/relations.ts'

export interface ClosureOptions {
  /** Parents that live lacks: restored as needed, a conflict, or the reference emptied. */
  readonly parents: 'restore' | 'stop' | 'null'
  /** Children of inserted rows: all but SET NULL and SET DEFAULT keys, only CASCADE keys, or none. */
  readonly children: 'all' | 'cascade' | 'none'
  /** Links: where both ends exist, with their other end brought along, or none. */
  readonly links: 'existing' | 'pull' | 'none'
  /** Survivors: as the evidence says, all, or none. */
  readonly relink: 'evidence' | 'all' | 'none'
  /** Tables left out, by id. */
  readonly without: ReadonlySet<string>
}

/** What comes along where nobody says otherwise. */
export const defaultClosureOptions: ClosureOptions = {
  parents: 'restore',
  children: 'all',
  links: 'existing',
  relink: 'evidence',
  without: new Set(),
}

/**
 * Whether missing children behind this key come along. `isUnhooked`: some child of that very parent survived with the reference
 * emptied, so the application unhooks children behind this key, and those that are missing were deleted for another reason.
 */
export const isFollowed = (
  relation: Relation,
  options: ClosureOptions,
  { isUnhooked }: { readonly isUnhooked: boolean },
): boolean => {
  if (options.children === 'none') return false
  if (relation.onDelete === 'cascade') return true
  if (options.children === 'cascade') return false
  if (relation.onDelete === 'set null' || relation.onDelete === 'set default') return false
  return !(relation.onDelete === 'no action' && relation.isNullable && isUnhooked)
}
