/** Both sides in one snapshot each, for as long as somebody reads. */
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Session } from '../database/session/session.ts'
import { lendSnapshot } from '../database/snapshot.ts'
import { beginRead, withReadTransaction, withUserSearchPath } from '../database/transaction.ts'
import { openSides, type RestoredKeys, type Sides } from '../rows/sides.ts'

export interface OpenedSides {
  readonly live: Session
  readonly backup: Session
  readonly catalog: SharedCatalog
  readonly restored: RestoredKeys
  readonly onStage: Sides['onStage']
}

export const withSides = <T>(
  { live, backup, catalog, restored, onStage }: OpenedSides,
  work: (sides: Sides) => Promise<T>,
): Promise<T> =>
  withReadTransaction(live, (here) =>
    withReadTransaction(backup, async (there) =>
      work(
        await openSides({
          live: here,
          backup: there,
          catalog,
          restored,
          onStage,
          withUserSearchPath: (own) => withUserSearchPath(backup, there, own),
        }),
      ),
    ),
  )

/** As `withSides`, for a generator: the snapshots end when the last item has been taken, or nobody wants more. */
export async function* streamSides<T>(
  { live, backup, catalog, restored, onStage }: OpenedSides,
  start: (sides: Sides) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  try {
    const [here, there] = [await beginRead(live), await beginRead(backup)]
    const forks = { live: lendSnapshot(live, here), backup: lendSnapshot(backup, there) }
    yield* start(await openSides({ live: here, backup: there, catalog, restored, onStage, forks }))
  } finally {
    await backup.rollback()
    await live.rollback()
  }
}
