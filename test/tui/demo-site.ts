/** The demo's pair of databases, for the screens. */
import { buildBackupSql, buildLiveStatements } from '../../src/demo/site.ts'
import { type DatabasePair, withDatabases } from '../support/databases.ts'
import { type ScreenOptions, type Screens, withScreens } from '../support/screens.ts'

/** Each statement in a transaction of its own: by them it is told what the deletion emptied, and what was empty before. */
export const site = {
  schema: buildBackupSql(),
  live: buildLiveStatements()
    .map((statement) => `begin; ${statement}; commit;`)
    .join('\n'),
}

/** The site that lost its gallery: its screens, and both databases. */
export const withSite = (
  options: ScreenOptions,
  work: (screens: Screens, databases: DatabasePair) => Promise<void>,
): Promise<void> =>
  withDatabases(site, (databases) => withScreens(databases, options, (screens) => work(screens, databases)))
