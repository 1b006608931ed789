/** What a user may have meant. Pure. */
import { editDistance } from '../documents/edit-distance.ts'

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
