/** Parents that have been read, kept until the snapshot ends where somebody asks for those of the same rows more than once. Pure. */

/** The parent of a row, packed, or its packed reference where that parent is nowhere. */
export interface Remembered {
  readonly other: string | null
  readonly isNowhere: boolean
}

export class ParentMemory {
  #parents: Map<string, Map<string, Remembered>> | null = null

  /** From here on, and anew. */
  keep(): void {
    this.#parents = new Map()
  }

  /** By packed key, what is known of a relation and is to be added to; null where nothing is kept. */
  of(relation: string): Map<string, Remembered> | null {
    if (this.#parents === null) return null
    const known = this.#parents.get(relation) ?? new Map<string, Remembered>()
    this.#parents.set(relation, known)
    return known
  }
}
