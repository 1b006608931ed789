/**
 * Reads pg_restore's messages and tells apart what went wrong.
 *
 * pg_restore goes on after an error and exits 1 with a count, so that exit code and count prove that no message was missed. An error
 * of the server is forgiven only if it cannot mean that rows are incomplete: something that scratch does not offer, what depends on
 * that, code that holds no rows, or a constraint that the rows themselves break. Everything else is damage.
 */

/** One thing that pg_restore could not do. */
export interface RestoreFailure {
  /** As in `TABLE public photo`; undefined if it happened outside any entry. */
  readonly entry: string | undefined
  /** The server's own words if it was the server that refused, else pg_restore's. */
  readonly message: string
  readonly byServer: boolean
}

/** Collects failures line by line; feed it every line that pg_restore prints to stderr. */
export interface RestoreMessages {
  read(line: string): void
  readonly failures: readonly RestoreFailure[]
  /** The count pg_restore gave when it reached its end; undefined if it never did. */
  readonly ignored: () => number | undefined
}

/** Control characters would drive the terminal that shows a hostile dump's names. */
const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const longestMessage = 500

/** An empty collection. `names` says what an entry is called by its number; pg_restore's own words leave the schema out. */
export const collectMessages = (names: ReadonlyMap<string, string> = new Map()): RestoreMessages => {
  const failures: RestoreFailure[] = []
  let entry: string | undefined
  let ignored: number | undefined
  return {
    failures,
    ignored: () => ignored,
    read: (line) => {
      const [, number, place] = /^pg_restore: from TOC entry (\d+); \d+ \d+ (.*)$/.exec(line) ?? []
      if (number !== undefined) entry = visible(names.get(number) ?? place ?? '')
      const count = /^pg_restore: warning: errors ignored on restore: (\d+)$/.exec(line)?.[1]
      if (count !== undefined) ignored = Number(count)
      const error = /^pg_restore: (?:error|fatal): (.*)$/.exec(line)?.[1]
      if (error === undefined) return
      const reply =
        /^(?:could not execute query|COPY failed for table ".*"|error returned by PQputCopyData|error .*): ERROR:\s+(.*)$/.exec(
          error,
        )?.[1]
      const message = visible((reply ?? error).slice(0, longestMessage))
      failures.push({ entry, message, byServer: reply !== undefined })
    },
  }
}

const harmless = [
  /^schema "public" already exists/,
  /^role ".*" does not exist/,
  /^unrecognized configuration parameter/,
]

/** Kinds of entries that hold no rows, and that a private server need not be able to offer. */
const withoutRows =
  /^(EXTENSION|PROCEDURAL LANGUAGE|FUNCTION|PROCEDURE|AGGREGATE|OPERATOR|CAST|TRANSFORM|CONVERSION|TEXT SEARCH|COLLATION|ACCESS METHOD|FOREIGN|SERVER|USER MAPPING|VIEW|MATERIALIZED VIEW|STATISTICS|DEFAULT) /

const unavailable =
  /^(collation ".*" .*does not exist|could not create locale|access method ".*" does not exist|permission denied for language|must be superuser|permission denied to create|could not (load|access) (library|file))/

const dependent =
  /does not exist|has no default operator class|no unique constraint matching given keys|cannot be attached|is not (an index|a partition|partitioned)/

const constraintKinds = /^(CONSTRAINT|FK CONSTRAINT|INDEX|INDEX ATTACH) /
const brokenByRows =
  /violates (foreign key|exclusion) constraint|could not create (unique index|exclusion constraint)|conflicting key value/

/** What the failures come to. */
export interface Assessment {
  /** What is not in scratch though it is in the dump, one line each. */
  readonly warnings: readonly string[]
  /** Why the dump cannot be relied on, one line each; none means it can. */
  readonly damage: readonly string[]
}

const describe = ({ entry, message }: RestoreFailure): string =>
  entry === undefined ? message : `${entry}: ${message}`

/** True where the server lacks a thing that no entry makes: the dump was made without it (pg_dump -t, -n, -N). */
const isLeftOut = (message: string, names: ReadonlySet<string>): boolean => {
  const [, lacked] = /^(?:relation|type) "([^"]+)" does not exist/.exec(message) ?? []
  return lacked !== undefined && ![...names].some((name) => name.endsWith(` ${lacked.replace('.', ' ')}`))
}

/** Sorts the failures, in the order in which they happened. `names` are those of all entries, as in `TABLE public photo`. */
export const assessFailures = (
  failures: readonly RestoreFailure[],
  names: ReadonlySet<string> = new Set(),
): Assessment => {
  const warnings: string[] = []
  const damage: string[] = []
  for (const failure of failures) {
    const { entry = '', message, byServer } = failure
    if (byServer && harmless.some((pattern) => pattern.test(message))) continue
    const forgiven =
      byServer &&
      (withoutRows.test(entry) ||
        unavailable.test(message) ||
        (names.size > 0 && /^(TABLE|FK CONSTRAINT) /.test(entry) && isLeftOut(message, names)) ||
        (warnings.length > 0 && dependent.test(message)) ||
        (constraintKinds.test(entry) && brokenByRows.test(message)))
    ;(forgiven ? warnings : damage).push(describe(failure))
  }
  return { warnings, damage }
}
