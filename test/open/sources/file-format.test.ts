import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RowgraftError } from '../../../src/errors.ts'
import { oldestReader, parseArchiveHeader } from '../../../src/open/sources/archive-header.ts'
import { recogniseFormat } from '../../../src/open/sources/file-format.ts'
import { openSource } from '../../../src/open/sources/source.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowgraft-format-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const refusal = async (text: string): Promise<Pick<RowgraftError, 'code' | 'message'>> => {
  const outcome: unknown = await openSource(text, { env: {} }).catch((error: unknown) => error)
  if (!(outcome instanceof RowgraftError)) throw outcome
  return { code: outcome.code, message: outcome.message }
}

const tarHead = Buffer.alloc(512)
tarHead.write('toc.dat', 0)
tarHead.write('ustar', 257)

describe('a file', () => {
  test.each([
    ['pg_dump -Fc', Buffer.from('PGDMP\x01\x0e\x00\x04\x08\x01'), 'dump'],
    ['pg_dump -Ft', tarHead, 'tar dump'],
    ['pg_dump', '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n', 'plain SQL script'],
    ['pg_dumpall', '--\n-- PostgreSQL database cluster dump\n--\n', 'plain SQL script'],
    ['a SQL script', '\ncreate table photo (id integer);', 'plain SQL script'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'compressed file'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'compressed file'],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'compressed file'],
    ['bzip2', 'BZh9', 'compressed file'],
    ['zip', 'PK\x03\x04', 'compressed file'],
    ['SQLite', 'SQLite format 3\0', 'SQLite database'],
    ['dumpdata', '[{"model": "photo"}]', 'JSON file'],
    ['mysqldump', '-- MySQL dump 10.13\n', 'MySQL dump'],
    ['mariadb-dump', '/*!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19\n', 'MySQL dump'],
    ['noise', Buffer.from([0xde, 0xad, 0xbe, 0xef]), 'unknown'],
    ['prose', 'Dear colleague,\n', 'unknown'],
  ])('made by %s is recognised', (_made, head, format) => {
    expect(recogniseFormat(Buffer.from(head))).toBe(format)
  })

  test('that is not a dump is refused by name, with what to do', async () => {
    const path = join(folder, 'backup.sql')
    await writeFile(path, '--\n-- PostgreSQL database dump\n--\n')
    const outcome: unknown = await openSource(path, { env: {} }).catch((error: unknown) => error)
    expect(outcome).toMatchObject({
      code: 'bad-file',
      message: `file "${path}" is a plain SQL script, which is not supported yet`,
      hint: 'Make the backup with pg_dump -Fc, or restore it into a database yourself and give that database with --backup postgres://...',
    })
  })

  test('that is missing, empty, a folder, or cut off in its header is refused', async () => {
    const at = (name: string) => join(folder, name)
    await writeFile(at('empty.dump'), '')
    await writeFile(at('cut.dump'), 'PGDMP\x01\x0e')
    await writeFile(at('toc.dat'), 'PGDMP\x01\x0e\x00\x04\x08\x05')
    await mkdir(at('plain'))
    await mkdir(at('directory.dump'))
    await writeFile(join(at('directory.dump'), 'toc.dat'), 'PGDMP\x01\x0e\x00\x04\x08\x05')
    expect(
      await Promise.all(
        ['missing.dump', 'empty.dump', 'cut.dump', 'toc.dat', 'plain', 'directory.dump'].map((name) =>
          refusal(at(name)),
        ),
      ),
    ).toEqual([
      { code: 'bad-file', message: `file "${at('missing.dump')}" does not exist` },
      { code: 'bad-file', message: `file "${at('empty.dump')}" is empty` },
      { code: 'damaged-dump', message: `dump file "${at('cut.dump')}" is cut off in its header` },
      { code: 'bad-file', message: `file "${at('toc.dat')}" is only the table of contents of a directory or tar dump` },
      { code: 'bad-file', message: `"${at('plain')}" is a folder` },
      { code: 'bad-file', message: `file "${at('directory.dump')}" is a directory dump, which is not supported yet` },
    ])
  })
})

describe('a text', () => {
  test.each([
    ['missing.dump', 'bad-file'],
    ['missing.backup', 'bad-file'],
    ['./missing', 'bad-file'],
    ['/var/backups/missing', 'bad-file'],
    ['missing', 'bad-conninfo'],
    ['', 'bad-conninfo'],
    ['mysql://db1/shop', 'bad-conninfo'],
    ['host=/run/pg nope=1', 'bad-conninfo'],
  ])('%j is refused as %s', async (text, code) => {
    expect((await refusal(text)).code).toBe(code)
  })

  test.each(['postgres://app:secret@db1/shop', 'host=db1 dbname=shop user=app password=secret'])(
    'that names a server is passed through: %s',
    async (text) => {
      const { close, ...source } = await openSource(text, { env: { HOME: folder } })
      await close()
      expect(source).toEqual({
        label: 'app@db1/shop',
        kind: 'server',
        conninfo: text,
        identity: undefined,
        createdAt: undefined,
        database: 'shop',
        serverVersion: undefined,
        warnings: [],
      })
    },
  )
})

describe('an archive version', () => {
  test.each([
    [[1, 14], 12],
    [[1, 15], 16],
    [[1, 16], 17],
    [[1, 99], undefined],
    [[2, 0], undefined],
  ])('%j is read by pg_restore from %j on', ([major = 0, minor = 0], reader) => {
    const head = Buffer.from([...Buffer.from('PGDMP'), major, minor, 0, 4, 8, 1])
    expect(oldestReader(parseArchiveHeader('x.dump', head))).toBe(reader)
  })
})
