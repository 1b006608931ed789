/** What the two open sides share, as the config file has it. */
import { type SharedCatalog, shareCatalogs } from '../catalog/shared.ts'
import type { Config } from '../config/config.ts'
import { withReadTransaction, withUserSearchPath } from '../database/transaction.ts'
import type { OpenPair } from './connect.ts'
import { declareCatalog } from './declared/declare.ts'

/** Puts the catalogs side by side; without a backup, live's with itself. Throws for what the config file names and is not there. */
export const sharePair = async ({ live, backup }: OpenPair, config: Config): Promise<SharedCatalog> => {
  if (backup === null) return shareCatalogs(live.catalog, live.catalog)
  return withReadTransaction(live.session, (here) =>
    withReadTransaction(backup.session, (there) =>
      declareCatalog(
        {
          live: here,
          backup: there,
          withUserSearchPath: (work) => withUserSearchPath(backup.session, there, work),
        },
        { live: live.catalog, backup: backup.catalog },
        config,
      ),
    ),
  )
}
