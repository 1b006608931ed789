import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openSession } from '../../../src/database/session/session.ts'
import { withOwnCluster } from '../../support/own-cluster.ts'

const schema = `
  create table gallery (id integer primary key, name text);
  create table photo (id integer primary key, cover_of integer references gallery on delete set null);
  insert into gallery select i, 'Gallery ' || i from generate_series(1, 4) as i;
  insert into photo select i, 1 + i % 4 from generate_series(1, 8) as i;`

const readCommitTime = async (url: string, where = 'cover_of is null'): Promise<string | null | undefined> => {
  const session = await openSession(url)
  try {
    const { rows } = await session.execute(
      sql`select pg_xact_commit_timestamp(xmin) at time zone 'UTC' || '+00' from photo where ${sql.raw(where)} limit 1`,
    )
    return rows[0]?.[0]
  } finally {
    await session.close()
  }
}

test('where the server keeps commit timestamps, an incident is told when it happened: when its survivors were unhooked', () =>
  withOwnCluster(
    { track_commit_timestamp: 'on' },
    { schema, live: 'delete from gallery where id = 2' },
    async (rowgraft, live) => {
      const { incidents } = await rowgraft.incidents()
      expect(incidents).toHaveLength(1)
      const [incident] = incidents
      expect(incident?.when).toBe(await readCommitTime(live))
    },
  ))

test('and of overwritten rows, when the transaction that wrote them was committed', () =>
  withOwnCluster(
    { track_commit_timestamp: 'on' },
    { schema, live: 'update photo set cover_of = 4' },
    async (rowgraft, live) => {
      const [incident] = (await rowgraft.overwritten()).incidents
      expect(incident?.overwrite?.transactions).toBe(1)
      expect(incident?.when).toBe(await readCommitTime(live, 'cover_of = 4 and id <> 3'))
    },
  ))
