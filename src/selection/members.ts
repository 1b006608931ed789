/** The rows of one table that belong to a closure: packed keys with mark, because, relation and origin, kept in columns. */
import type { Relation } from '../catalog/relations.ts'

/** Why a row is in a plan. */
export type Because = 'selected' | 'parent' | 'child' | 'link' | 'survivor' | 'undo'

export type Mark = 'needed' | 'whole'

/** The row that a row came along with, packed, and by which relation; both null for a selected row. */
export interface Origin {
  readonly via: Relation | null
  readonly from: string | null
}

export class Members {
  readonly #index = new Map<string, number>()
  readonly #whole: boolean[] = []
  readonly #because: Because[] = []
  readonly #via: (Relation | null)[] = []
  readonly #from: (string | null)[] = []
  readonly #anchors = new Set<string>()
  readonly #updated = new Map<string, readonly string[]>()
  /** Of needed rows that became whole: what made them so. */
  readonly #promoted = new Map<number, Origin>()
  #newParents: string[] = []
  #newChildren: string[] = []
  /** Members whose primary key another record has in live. */
  readonly reused = new Set<string>()
  /** Members that live has, marked as deleted: the mark is taken off, nothing is inserted. */
  readonly deleted = new Set<string>()

  get size(): number {
    return this.#index.size - this.#anchors.size - this.#updated.size
  }

  get hasPending(): boolean {
    return this.#newParents.length > 0 || this.#newChildren.length > 0
  }

  has(key: string): boolean {
    return this.#index.has(key)
  }

  /** Adds a row or promotes it to whole; 1 if that changed anything. */
  add(key: string, mark: Mark, because: Because, via: Relation | null, from: string | null): number {
    const known = this.#index.get(key)
    if (known !== undefined) {
      if (mark === 'needed' || this.#whole[known] === true) return 0
      this.#whole[known] = true
      this.#promoted.set(known, { via, from })
      this.#newChildren.push(key)
      return 1
    }
    this.#index.set(key, this.#whole.length)
    this.#whole.push(mark === 'whole')
    this.#because.push(because)
    this.#via.push(via)
    this.#from.push(from)
    this.#newParents.push(key)
    if (mark === 'whole') this.#newChildren.push(key)
    return 1
  }

  /** A row that stays as it is in live; its children are looked at. */
  addAnchor(key: string): void {
    if (this.add(key, 'whole', 'selected', null, null) === 1) this.#anchors.add(key)
  }

  /** A row of live some columns of which are restored; the parents it then refers to are looked at. */
  addUpdated(key: string, columns: readonly string[], mark: Mark): void {
    if (this.add(key, mark, 'selected', null, null) === 1) this.#updated.set(key, columns)
  }

  /** True where the run writes one of these columns of the row. */
  writes(key: string, columns: readonly string[]): boolean {
    const updated = this.#updated.get(key)
    return updated === undefined ? !this.#anchors.has(key) : columns.some((name) => updated.includes(name))
  }

  /** Rows not yet expanded towards parents or children; each is handed out once. */
  takeUnexpanded(towards: 'parents' | 'children'): readonly string[] {
    const taken = towards === 'parents' ? this.#newParents : this.#newChildren
    if (towards === 'parents') this.#newParents = []
    else this.#newChildren = []
    return taken
  }

  /** Keys of the rows to insert, in the order they were found, with why each is there. */
  *entries(): Generator<{
    readonly key: string
    readonly because: Because
    readonly via: Relation | null
    readonly from: string | null
  }> {
    for (const [key, position] of this.#index) {
      if (!this.#isInserted(key)) continue
      yield {
        key,
        because: this.#because[position] ?? 'selected',
        via: this.#via[position] ?? null,
        from: this.#from[position] ?? null,
      }
    }
  }

  /** The rows that are whole, each with the whole row it came along with. */
  *wholes(): Generator<Origin & { readonly key: string }> {
    for (const [key, position] of this.#index) {
      if (this.#whole[position] !== true) continue
      const own = { via: this.#via[position] ?? null, from: this.#from[position] ?? null }
      yield { key, ...(this.#promoted.get(position) ?? own) }
    }
  }

  keys(): readonly string[] {
    return [...this.#index.keys()].filter((key) => this.#isInserted(key))
  }

  #isInserted(key: string): boolean {
    return !this.#anchors.has(key) && !this.#updated.has(key)
  }
}
