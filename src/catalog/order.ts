/** The order in which tables are written: parents before children, cycles of tables together. Tarjan's algorithm. */
import type { Relation } from './relations.ts'

/** Strongly connected groups of the tables given, parents first; a group of one refers at most to itself. */
export const orderTables = (
  tables: readonly string[],
  relations: readonly Pick<Relation, 'child' | 'parent'>[],
): readonly (readonly string[])[] => {
  const wanted = new Set(tables)
  const parents = new Map<string, string[]>()
  for (const { child, parent } of relations) {
    if (child !== parent && wanted.has(child) && wanted.has(parent)) {
      parents.set(child, [...(parents.get(child) ?? []), parent])
    }
  }
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const groups: string[][] = []
  const visit = (table: string): void => {
    index.set(table, index.size)
    low.set(table, index.get(table) ?? 0)
    stack.push(table)
    for (const parent of parents.get(table) ?? []) {
      if (!index.has(parent)) {
        visit(parent)
        low.set(table, Math.min(low.get(table) ?? 0, low.get(parent) ?? 0))
      } else if (stack.includes(parent)) {
        low.set(table, Math.min(low.get(table) ?? 0, index.get(parent) ?? 0))
      }
    }
    if (low.get(table) === index.get(table)) {
      const group = stack.splice(stack.indexOf(table))
      groups.push(group.sort())
    }
  }
  for (const table of [...tables].sort()) if (!index.has(table)) visit(table)
  return groups
}
