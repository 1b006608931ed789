import { createHash } from 'node:crypto'
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConninfo } from '../../../src/database/conninfo/conninfo.ts'
import type { Query } from '../../../src/database/names.ts'
import { openSession } from '../../../src/database/session/session.ts'
import { RowgraftError } from '../../../src/errors.ts'
import type { OpenedSource, SourceProgress } from '../../../src/open/sources/opened-source.ts'
import { findPgRestore } from '../../../src/open/sources/pg-restore.ts'
import { openSource } from '../../../src/open/sources/source.ts'

const dumpPath = (name: string): string => join(import.meta.dirname, 'dumps', `${name}.dump`)

const missing = await findPgRestore({ major: 1, minor: 14 }, process.env).then(
  () => undefined,
  (error: Error) => error.message,
)
const suffix = missing === undefined ? '' : ` (skipped: ${missing})`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowgraft-dump-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const refusal = async (path: string, env = process.env, patienceMs = 30_000): Promise<RowgraftError> => {
  const outcome: unknown = await openSource(path, { env, patienceMs }).then(
    async (source) => {
      await source.close()
      return new Error(`"${path}" was accepted`)
    },
    (error: unknown) => error,
  )
  if (outcome instanceof RowgraftError) return outcome
  throw outcome
}

const withSource = async (name: string, work: (source: OpenedSource) => Promise<void>): Promise<void> => {
  const source = await openSource(dumpPath(name))
  try {
    await work(source)
  } finally {
    await source.close()
  }
}

const ask = async (source: OpenedSource, ...queries: Query[]): Promise<string[]> => {
  const session = await openSession(source.conninfo, { side: 'backup', env: {} })
  try {
    const answers: string[] = []
    for (const query of queries) {
      const { rows } = await session.execute(query)
      answers.push(rows.map((row) => row.join('|')).join(' '))
    }
    return answers
  } finally {
    await session.close()
  }
}

describe.skipIf(missing !== undefined)(`a dump${suffix}`, () => {
  test('becomes a database with its tables, rows and keys, and nothing that acts', async () => {
    await withSource('shop', async (source) => {
      const { label, kind, identity, createdAt, database, serverVersion, warnings } = source
      const bytes = await readFile(dumpPath('shop'))
      expect({ label, kind, identity, createdAt, database, serverVersion, warnings }).toEqual({
        label: 'shop.dump',
        kind: 'dump',
        identity: createHash('sha256').update(bytes).digest('hex'),
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        database: 'shop',
        serverVersion: expect.stringMatching(/^15\./),
        warnings: [],
      })
      const answers = await ask(
        source,
        sql`select count(*), max(email), sum(length(notes)) from sales.customer`,
        sql`select count(*), sum(total), sum(vat) from sales.invoice where state = 'paid'`,
        sql`select * from public.${sql.id('Odd "name", with\nnewline')}`,
        sql`select count(*), max(what) from public.event`,
        sql`select last_value from sales.number_seq`,
        sql`select contype, count(*) from pg_catalog.pg_constraint where connamespace::regnamespace::text in ('public', 'sales') and contype in ('p', 'u', 'f') and conparentid = 0 group by 1 order by 1`,
        sql`select count(*) from pg_catalog.pg_index where not indisvalid`,
        sql`select count(*) from pg_catalog.pg_trigger where not tgisinternal`,
        sql`select count(*) from pg_catalog.pg_policy`,
        sql`select count(*) from pg_catalog.pg_publication`,
        sql`select count(*) from pg_catalog.pg_rewrite where rulename <> '_RETURN' and ev_class >= 16384`,
        sql`select reltuples from pg_catalog.pg_class where oid = 'sales.customer'::regclass`,
      )
      expect(answers).toEqual([
        '40|c9@example.org|4100',
        '60|360000|68400.00',
        '6f1c1f58-0f7e-4ac5-9c5f-0d5c7a4a6c11|{"a": [1, "é", null]}',
        '4|tab\tand \\ and €',
        '819',
        'f|2 p|5 u|1',
        '0',
        '0',
        '0',
        '0',
        '0',
        '40',
      ])
    })
  })

  test('belongs to a role that may do nothing but read and write this one database', async () => {
    await withSource('hostile', async (source) => {
      const [role, success, databases] = await ask(
        source,
        sql`select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_catalog.pg_roles where rolname = current_user`,
        sql`select attack from public.success`,
        sql`select datname from pg_catalog.pg_database where datallowconn and has_database_privilege(datname, 'connect') order by 1`,
      )
      expect({ role, success, databases }).toEqual({
        role: 'f|f|f|f|f',
        success: 'none: this one must succeed',
        databases: 'backup',
      })
      expect(await exists('/tmp/rowgraft-hostile-program')).toBe(false)
      expect(await exists('/tmp/rowgraft-hostile-file')).toBe(false)
    })
  })

  test('loads without the tables that scratch cannot have, and names them', async () => {
    await withSource('partial', async (source) => {
      expect(source.warnings).toEqual([
        'EXTENSION earthdistance: permission denied to create extension "earthdistance"',
        'TABLE public place: type "public.earth" does not exist',
        'CONSTRAINT public place place_pkey: relation "public.place" does not exist',
        'FK CONSTRAINT public child child_parent_id_fkey: insert or update on table "child" violates foreign key constraint "child_parent_id_fkey"',
        'FK CONSTRAINT public visit visit_place_id_fkey: relation "public.place" does not exist',
      ])
      expect(await ask(source, sql`select * from public.visit`)).toEqual(['1|1|2026-11-01'])
    })
  })

  test('tells how far it has come, and leaves nothing behind', async () => {
    const seen: SourceProgress[] = []
    const source = await openSource(dumpPath('partial'), { onProgress: (progress) => seen.push(progress) })
    const socketDir = parseConninfo(source.conninfo, {}).host ?? ''
    const size = (await readFile(dumpPath('partial'))).length
    expect(await exists(socketDir)).toBe(true)
    await source.close()
    await source.close()
    expect(await exists(socketDir)).toBe(false)
    expect(seen[0]).toEqual({ stage: 'reading', unit: 'bytes', done: size, total: size })
    expect(seen.filter(({ stage }) => stage === 'loading').map(({ table }) => table)).toEqual([
      'public.child',
      'public.parent',
      'public.visit',
    ])
    expect(seen.at(-1)?.stage).toBe('analyzing')
  })

  test.each(['reading', 'loading', 'analyzing'])('can be given up while %s', async (stage) => {
    const stop = new AbortController()
    const onProgress = (progress: SourceProgress): void => {
      if (progress.stage === stage) stop.abort()
    }
    const outcome: unknown = await openSource(dumpPath('shop'), { signal: stop.signal, onProgress }).catch(
      (error: unknown) => error,
    )
    expect(outcome).toMatchObject({ code: 'interrupted' })
  })

  test.each([0.02, 0.2, 0.6, 0.85, 0.95, 0.99])('cut off after %d of its length is damaged', async (share) => {
    const bytes = await readFile(dumpPath('shop'))
    const path = join(folder, `cut-${share}.dump`)
    await writeFile(path, bytes.subarray(0, Math.max(40, Math.floor(bytes.length * share))))
    const { code, message, detail } = await refusal(path)
    expect({ code, message, told: (detail ?? '') !== '' }).toEqual({
      code: 'damaged-dump',
      message: `dump file "${path}" is damaged or cannot be loaded completely`,
      told: true,
    })
  })

  test('cut off by one byte is damaged', async () => {
    const bytes = await readFile(dumpPath('shop'))
    const path = join(folder, 'cut-one.dump')
    await writeFile(path, bytes.subarray(0, -1))
    expect((await refusal(path)).code).toBe('damaged-dump')
  })

  test.each([0, 2, 4, -1])('with a flipped bit in the rows of table number %d is damaged', async (which) => {
    const bytes = Buffer.from(await readFile(dumpPath('shop')))
    // The rows of a table begin with the zlib header 78 9c or 78 01.
    const starts = [...bytes.keys()].filter((at) => bytes[at] === 0x78 && [0x9c, 0x01].includes(bytes[at + 1] ?? 0))
    const at = (starts.at(which) ?? Number.NaN) + 12
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
    const path = join(folder, `flip-${which}.dump`)
    await writeFile(path, bytes)
    expect((await refusal(path)).code).toBe('damaged-dump')
  })

  test('over which pg_restore would spin for ever is damaged', async () => {
    const bytes = Buffer.from(await readFile(dumpPath('shop')))
    // Rows end with a block of length 0 (sign, four bytes), and the next table's begin with 1 and a number. A length other than 0
    // makes pg_restore 15 unpack beyond the end for ever.
    const at = bytes.indexOf(Buffer.from([0, 0, 0, 0, 0, 1, 0]), bytes.indexOf(Buffer.from([0x78, 0x9c]))) + 1
    bytes.writeUInt8(0x10, at)
    const path = join(folder, 'spin.dump')
    await writeFile(path, bytes)
    expect((await refusal(path, process.env, 1500)).code).toBe('damaged-dump')
  })
})

describe('pg_restore', () => {
  const fake = async (name: string, script: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    return path
  }

  test('that is named but is not there is refused', async () => {
    const { code, message, hint } = await refusal(dumpPath('shop'), { ROWGRAFT_PG_RESTORE: '/missing/pg_restore' })
    expect({ code, message }).toEqual({
      code: 'bad-file',
      message: 'ROWGRAFT_PG_RESTORE names "/missing/pg_restore", which is not a pg_restore',
    })
    expect(hint).toContain('postgresql-client-12')
  })

  test('that is too old for the archive is refused with the version that is needed', async () => {
    const old = await fake('old', 'echo "pg_restore (PostgreSQL) 15.4 (Debian 15.4-1)"')
    const newer = Buffer.from(await readFile(dumpPath('shop')))
    newer[6] = 16
    const path = join(folder, 'newer.dump')
    await writeFile(path, newer)
    const { code, message, hint } = await refusal(path, { ROWGRAFT_PG_RESTORE: old })
    expect({ code, message }).toEqual({
      code: 'bad-file',
      message: 'the dump needs pg_restore 17 or newer, and the newest here is 15.4',
    })
    expect(hint).toContain('postgresql-client-17')
  })

  test('that says it cannot read the archive is not taken for a damaged dump', async () => {
    const lacking = await fake(
      'lacking',
      'if [ "$1" = --version ]; then echo "pg_restore (PostgreSQL) 19.1"; else echo "pg_restore: error: this build does not support compression with zstd" >&2; exit 1; fi',
    )
    const { code, message } = await refusal(dumpPath('shop'), { ROWGRAFT_PG_RESTORE: lacking })
    expect({ code, message }).toEqual({
      code: 'bad-file',
      message: `pg_restore 19.1 cannot read dump file "${dumpPath('shop')}"`,
    })
  })

  test.skipIf(missing !== undefined)('that ends early without a word is not believed', async () => {
    const real = (await findPgRestore({ major: 1, minor: 14 }, process.env)).path
    const early = await fake('early', `case "$*" in *--dbname*) exit 1;; *) exec ${real} "$@";; esac`)
    expect((await refusal(dumpPath('shop'), { ROWGRAFT_PG_RESTORE: early })).code).toBe('damaged-dump')
  })
})
