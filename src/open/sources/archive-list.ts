/**
 * What `pg_restore --list` prints: facts about the archive, and its entries, of which only those are loaded that give tables, rows
 * and keys. Triggers, rules, policies, event triggers, publications and subscriptions stay out: scratch is only read.
 */

/** Facts about an archive; undefined where it does not say. */
export interface ArchiveFacts {
  /** The clock of the machine that made it, without a time zone: the archive does not keep one. */
  readonly createdAt: string | undefined
  readonly database: string | undefined
  /** As in `15.20`. */
  readonly serverVersion: string | undefined
}

const fact = (list: string, pattern: RegExp): string | undefined => pattern.exec(list)?.[1]

/** Reads the comment that a list begins with. */
export const parseFacts = (list: string): ArchiveFacts => ({
  createdAt: fact(list, /^; Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m),
  database: fact(list, /^; +dbname: (.+)$/m),
  serverVersion: fact(list, /^; +Dumped from database version: ([\d.]+\w*)/m),
})

const entriesOf = (list: string): readonly string[] => list.split('\n').filter((line) => /^\d+; \d+ \d+ /.test(line))

const kindIs = (line: string, kinds: RegExp): boolean => kinds.test(line.replace(/^\d+; \d+ \d+ /, ''))

/** How many tables have rows in the archive. */
export const countTableData = (list: string): number =>
  entriesOf(list).filter((line) => kindIs(line, /^TABLE DATA /)).length

/** The oids that entries of a kind stand for, each with its line; the rows of a table bear the table's. */
const byOid = (list: string, kind: RegExp): ReadonlyMap<string, string> =>
  new Map(
    entriesOf(list)
      .filter((line) => kindIs(line, kind))
      .map((line) => [/^\d+; \d+ (\d+) /.exec(line)?.[1] ?? '', line]),
  )

const tableEntry = /^TABLE (?!DATA |ATTACH )/

/** What an archive was made without: whoever made it chose so. */
export interface Partial {
  readonly hasDefinitions: boolean
  readonly hasRows: boolean
  /** Tables that are defined and have no rows in it, not even none, as `schema name`; the roots of partitioned ones among them. */
  readonly withoutRows: ReadonlySet<string>
  /** Schemas that tables stand in and that it does not make. */
  readonly schemas: readonly string[]
}

/** Reads it off the list of definitions and data. */
export const parsePartial = (list: string): Partial => {
  const [tables, data] = [byOid(list, tableEntry), byOid(list, /^TABLE DATA /)]
  const names = nameEntries([...tables.values()])
  const nameOf = (line: string): string => (names.get(line.split(';')[0] ?? '') ?? '').replace(/^TABLE /, '')
  const without = [...tables].flatMap(([oid, line]) => (data.has(oid) ? [] : [nameOf(line)]))
  const made = new Set(
    [...nameEntries(entriesOf(list)).values()].flatMap((name) => /^SCHEMA (.*)$/.exec(name)?.[1] ?? []),
  )
  const used = new Set([...tables.values()].map((line) => nameOf(line).split(' ')[0] ?? ''))
  return {
    hasDefinitions: tables.size > 0,
    hasRows: data.size > 0,
    withoutRows: new Set(without),
    schemas: [...used].filter((schema) => schema !== '' && schema !== 'public' && !made.has(schema)),
  }
}

/** The lines to load: all of pre-data and data but statistics, and of post-data the keys and indexes. */
export const selectEntries = (definitionsAndData: string, postData: string): readonly string[] => [
  ...entriesOf(definitionsAndData).filter((line) => !kindIs(line, /^STATISTICS DATA /)),
  ...entriesOf(postData).filter((line) => kindIs(line, /^(CONSTRAINT|FK CONSTRAINT|INDEX|INDEX ATTACH) /)),
]

/** What each entry is by its number, as in `TABLE public photo`. */
export const nameEntries = (entries: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    entries.map((line) => {
      // number; catalog id, kind, schema (or -), name, owner (or nothing)
      const [, number = '', name = ''] = /^(\d+); \d+ \d+ (.*) \S*$/.exec(line) ?? []
      return [number, name.replace(/^([A-Z ]+) - /, '$1 ')]
    }),
  )
