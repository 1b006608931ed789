import { describe, expect, test } from 'vitest'
import { nameEntries } from '../../../src/open/sources/archive-list.ts'
import { assessFailures, collectMessages } from '../../../src/open/sources/restore-errors.ts'

const read = (text: string) => {
  const names = nameEntries(['2; 3079 16386 EXTENSION - postgis ', '215; 1259 16385 TABLE public place postgres'])
  const messages = collectMessages(names)
  for (const line of text.split('\n')) messages.read(line)
  return messages
}

const server = (entry: string, message: string) => ({ entry, message, byServer: true })

describe('messages of pg_restore', () => {
  test('are read with the entry they belong to', () => {
    const messages = read(`pg_restore: connecting to database for restore
pg_restore: creating EXTENSION "postgis"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 2; 3079 16386 EXTENSION postgis (no owner)
pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available
DETAIL:  Could not open extension control file.
Command was: CREATE EXTENSION IF NOT EXISTS postgis;


pg_restore: from TOC entry 215; 1259 16385 TABLE place postgres
pg_restore: error: could not execute query: ERROR:  type "geometry" does not exist
pg_restore: error: COPY failed for table "place": ERROR:  missing data
pg_restore: error: could not uncompress data: (null)
pg_restore: warning: errors ignored on restore: 3`)
    expect(messages.failures).toEqual([
      server('EXTENSION postgis', 'extension "postgis" is not available'),
      server('TABLE public place', 'type "geometry" does not exist'),
      server('TABLE public place', 'missing data'),
      { entry: 'TABLE public place', message: 'could not uncompress data: (null)', byServer: false },
    ])
    expect(messages.ignored()).toBe(3)
  })

  test('cannot drive the terminal', () => {
    const { failures } = read('pg_restore: error: could not execute query: ERROR:  no \u001b[31mred\u202e')
    expect(failures[0]?.message).toBe('no \\u001b[31mred\\u202e')
  })
})

describe('a failure', () => {
  const extension = server('EXTENSION postgis', 'extension "postgis" is not available')
  test.each([
    ['the public schema being there', [server('SCHEMA public', 'schema "public" already exists')], 0, 0],
    ['a missing role', [server('USER MAPPING x', 'role "joe" does not exist')], 0, 0],
    ['an unknown setting', [{ ...server('', 'unrecognized configuration parameter "x"'), entry: undefined }], 0, 0],
    ['a missing extension', [extension], 1, 0],
    [
      'what needs a missing extension',
      [extension, server('TABLE public place', 'type "geometry" does not exist')],
      2,
      0,
    ],
    ['a missing type out of the blue', [server('TABLE public place', 'type "geometry" does not exist')], 0, 1],
    [
      'a syntax error beside a missing extension',
      [extension, server('TABLE public x', 'syntax error at or near "x"')],
      1,
      1,
    ],
    ['a function that scratch cannot have', [server('FUNCTION public f()', 'permission denied for language c')], 1, 0],
    [
      'rows that break a foreign key',
      [server('FK CONSTRAINT public a', 'insert or update on table "a" violates foreign key constraint "f"')],
      1,
      0,
    ],
    ['rows that break a unique key', [server('INDEX public a', 'could not create unique index "u"')], 1, 0],
    ['rows that cannot be loaded', [server('TABLE DATA public a', 'missing data for column "b"')], 0, 1],
    [
      'rows without their table',
      [extension, server('TABLE DATA public a', 'relation "public.a" does not exist')],
      2,
      0,
    ],
    ['pg_restore giving up', [{ entry: 'EXTENSION x', message: 'unexpected end of file', byServer: false }], 0, 1],
  ])('by %s is told apart', (_why, failures, warnings, damage) => {
    const assessment = assessFailures(failures)
    expect({ warnings: assessment.warnings.length, damage: assessment.damage.length }).toEqual({ warnings, damage })
  })

  test('of things that the archive does not make is told from that of things that it makes', () => {
    const key = server('FK CONSTRAINT public book f', 'relation "public.author" does not exist')
    const table = server('TABLE public book', 'type "public.tier" does not exist')
    const counts = (...names: readonly string[]): readonly number[] => {
      const { warnings, damage } = assessFailures([key, table], new Set(['TABLE public book', ...names]))
      return [warnings.length, damage.length]
    }
    expect(counts()).toEqual([2, 0])
    expect(counts('TABLE public author', 'TYPE public tier')).toEqual([0, 2])
  })
})
