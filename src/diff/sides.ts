/** Both sides as planning sees them: a snapshot each, what they share, and what earlier runs restored. */
import type { DigestMethod } from '../catalog/digest.ts'
import { digestProbe } from '../catalog/digest.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session.ts'

/** Backup key -> live key of rows that earlier runs brought back under another key, per table; keys are packed. */
export type RestoredKeys = ReadonlyMap<string, ReadonlyMap<string, string>>

export interface Sides {
  readonly live: Reader
  readonly backup: Reader
  readonly catalog: SharedCatalog
  /** The digest both servers agree on. */
  readonly digest: DigestMethod
  readonly restored: RestoredKeys
}

/** Asks both servers to hash a few values: where they disagree (version, platform, encoding) the portable digest is used. */
export const agreeOnDigest = async (live: Reader, backup: Reader): Promise<DigestMethod> => {
  const [here, there] = [await live.rows(digestProbe), await backup.rows(digestProbe)]
  return JSON.stringify(here) === JSON.stringify(there) ? 'hash' : 'sha256'
}

/** A table of the shared catalog that is known to be there. */
export const tableOf = (catalog: SharedCatalog, id: string): SharedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw new Error(`table ${id} is not shared`)
  return table
}
