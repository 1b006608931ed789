/** What a user may have meant. Pure. */

/** The table whose name is nearest to one that was typed; undefined where none is near. */
export const nearestName = (
  name: string,
  tables: readonly { readonly id: string; readonly name: string }[],
): string | undefined => {
  const scored = tables
    .map((table) => ({ id: table.id, distance: editDistance(name.toLowerCase(), table.name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = scored
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.id : undefined
}

const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution)
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
