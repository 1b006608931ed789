/** A pair of databases with a deletion to take back, a journal folder, and the public API on them. */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import {
  type ErrorCode,
  isRowgraftError,
  type OpenOptions,
  open,
  parseSelect,
  type Rowgraft,
  type RowgraftError,
} from '../../src/index.ts'
import { type DatabasePair, type DatabaseSql, withDatabases } from './databases.ts'
import { type TextRow, withClient } from './queries.ts'

/** A deletion that took comments along (CASCADE) and unhooked photos (SET NULL): every phase of a run has something to do. */
export const gallery = {
  schema: `
    create table gallery (id serial primary key, slug text not null unique, title text not null);
    create table photo (id serial primary key, title text not null, gallery_id integer references gallery on delete set null);
    create table comment (id serial primary key, gallery_id integer not null references gallery on delete cascade, body text);`,
  backup: `
    insert into gallery values (7, 'pets', 'Pets'), (8, 'sea', 'By the sea');
    insert into photo values (1, 'cat', 7), (2, 'dog', 7), (3, 'gull', 8);
    insert into comment values (11, 7, 'aww'), (12, 7, 'more'), (13, 8, E'wet\\tand\\\\cold');
    select setval('gallery_id_seq', 8), setval('photo_id_seq', 3), setval('comment_id_seq', 13);`,
  live: `
    delete from gallery where id = 7;
    insert into gallery (slug, title) values ('fog', 'Fog');
    insert into comment (gallery_id, body) values (8, 'late')`,
} as const

export const pets = { selectors: [parseSelect('gallery:7')], columns: null }

export interface Restores extends DatabasePair {
  readonly journal: string
  readonly env: Readonly<Record<string, string>>
  /** Runs `work` with both sides open; `options` win. */
  readonly withOpen: <T>(work: (rowgraft: Rowgraft) => Promise<T>, options?: Partial<OpenOptions>) => Promise<T>
}

export const withFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-run-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs `work` with a fresh pair of databases and an empty journal folder. */
export const withRestores = <T>(sql: DatabaseSql, work: (restores: Restores) => Promise<T>): Promise<T> =>
  withDatabases(sql, ({ live, backup }) =>
    withFolder(async (journal) => {
      await chmod(journal, 0o700)
      const withOpen: Restores['withOpen'] = async (inside, options) => {
        const rowgraft = await open({ live, backup, journal, env: {}, ...options })
        try {
          return await inside(rowgraft)
        } finally {
          await rowgraft.close()
        }
      }
      const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, ROWGRAFT_JOURNAL: journal }
      return work({ live, backup, journal, env, withOpen })
    }),
  )

/** The error a promise is rejected with. Anything but an answer to the user fails the test. */
export const failure = async (work: Promise<unknown>): Promise<RowgraftError> => {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  )
  if (isRowgraftError(error)) return error
  throw error
}

/** Expects a refusal with this code, whose message says this. */
export const expectFailure = async (
  work: Promise<unknown>,
  code: ErrorCode,
  says: RegExp | string = '',
): Promise<RowgraftError> => {
  const error = await failure(work)
  const { message, detail = '', hint = '' } = error
  expect({ code: error.code, text: `${message}\n${detail}\n${hint}` }).toEqual({
    code,
    text: expect.stringMatching(says),
  })
  return error
}

/** Paths of the journals in a folder. */
export const journalFiles = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).map((run) => join(folder, run, 'journal'))

/** Asks a database until what it answers is as it should be; throws the last answer after 20 seconds. */
export const waitUntil = async (
  url: string,
  sql: string,
  isRight: (rows: readonly TextRow[]) => boolean,
): Promise<void> => {
  const deadline = performance.now() + 20_000
  await withClient(url, async (client) => {
    for (;;) {
      const { rows } = await client.query<TextRow>(sql)
      if (isRight(rows)) return
      if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(rows)}`)
      await setTimeout(10)
    }
  })
}

/** Waits until a session of rowgraft's in this database is seen like this. */
export const waitForSession = (url: string, condition: string): Promise<void> =>
  waitUntil(
    url,
    `select from pg_stat_activity
     where datname = current_database() and application_name = 'rowgraft' and ${condition}`,
    (rows) => rows.length > 0,
  )

/** No session of rowgraft's is left in this database, and no advisory lock: the server may take a moment to notice. */
export const expectNoTrace = (url: string): Promise<void> =>
  waitUntil(
    url,
    `select a.state, a.query from pg_stat_activity a
     where a.datname = current_database() and a.application_name = 'rowgraft'
     union all
     select l.locktype, l.mode from pg_locks l
     where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())`,
    (rows) => rows.length === 0,
  )
