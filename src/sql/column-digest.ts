/**
 * The digest by which two servers' rows are compared: one hash per column, each with its own seed, put together with xor and mixed
 * once more, so that neither swapped columns nor the same edit on two rows cancel out when rows are put together with xor too.
 *
 * A type's own hash is used only where it tells apart whatever its text tells apart. Not so: numeric (1.0 = 1.00, the sign), floats
 * (-0 = 0), interval, jsonb, timetz; enums hash their oids; text under a nondeterministic collation hashes its sort key. bigint and
 * timestamps fold 64 bits into 32 first. Those are hashed another way, or as text.
 */
import { sql } from 'kysely'
import type { Column } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { column, list, type Query } from '../database/names.ts'

/** How both servers hash rows. */
export interface RowHashing {
  /** For everything that is not hashed by its type. */
  readonly method: DigestMethod
  /** Both give the same hashes of the same typed values. */
  readonly isTyped: boolean
  /** Both can hash a timestamptz directly (PostgreSQL 18), and agree. */
  readonly hashesInstants: boolean
}

type Kind = 'integer' | 'boolean' | 'uuid' | 'text' | 'timestamp' | 'instant' | 'output' | 'image'

/** Types without a hash that is exact, with the function that prints them. */
const outputs: Readonly<Record<string, string>> = {
  bytea: 'byteaout',
  date: 'date_out',
  'double precision': 'float8out',
  interval: 'interval_out',
  json: 'json_out',
  jsonb: 'jsonb_out',
  numeric: 'numeric_out',
  real: 'float4out',
  'time with time zone': 'timetz_out',
  'time without time zone': 'time_out',
}

const hashes: Readonly<Record<string, Kind>> = {
  bigint: 'integer',
  boolean: 'boolean',
  integer: 'integer',
  smallint: 'integer',
  text: 'text',
  'timestamp with time zone': 'instant',
  'timestamp without time zone': 'timestamp',
  uuid: 'uuid',
}

const kindOfOne = ({ baseType, type, typeKind, isDomain }: Column): Kind => {
  // A domain does not pass for its enum where a function takes any enum.
  if (typeKind === 'enum') return isDomain ? 'image' : 'output'
  if (typeKind !== 'base') return 'image'
  // character(n) has the base type of its varying twin, but is not printed the same: blanks at its end are significant.
  if (baseType === 'character varying') return type.startsWith('character varying') ? 'text' : 'image'
  return baseType in outputs ? 'output' : (hashes[baseType] ?? 'image')
}

/** Where the sides' types differ, the text of a row of one is what they have in common. */
const kindOf = (live: Column, backup: Column): Kind => {
  const kind = kindOfOne(live)
  if (kind !== kindOfOne(backup)) return 'image'
  return kind === 'output' && live.baseType !== backup.baseType ? 'image' : kind
}

const textHash = (text: Query, seed: Query): Query => sql`pg_catalog.hashtextextended(${text} collate "C", ${seed})`

/** What timestamps are counted from, and the first whose stretch of 2^32 microseconds begins at a timestamp. */
const [zero, first] = [sql`'2000-01-01 00:00:00'`, sql`'4714-11-26 00:00:00 BC'`]

/** The value of a column, and what its hash depends on. */
interface HashedValue {
  readonly value: Query
  readonly kind: Kind
  readonly baseType: string
  /** Among the columns, from 1: the seed. */
  readonly position: number
}

type HashInstant = (value: Query, stretch: Query, seed: Query) => Query

/**
 * The hash of an instant folds its 64 bits into 32. That of the 2^32 microseconds it lies in undoes that: two instants in the same
 * stretch that fold to the same 32 bits are the same. Before zero the fold mirrors, so that the seed must say on which side it is.
 */
const instantHash = ({ value, position }: HashedValue, type: Query, hash: HashInstant): Query => {
  const stretch = sql`pg_catalog.date_bin('4294.967296 s', ${value}, ${type} ${zero})`
  return sql`case when ${value} >= ${type} ${zero} then ${hash(value, stretch, sql.lit(position))}
    when ${value} >= ${type} ${first} then ${hash(value, stretch, sql.lit(-position))}
    else ${textHash(sql`${value}::text`, sql.lit(position))} end`
}

const typedHash = (hashed: HashedValue, hashing: RowHashing): Query => {
  const { value, kind, baseType, position } = hashed
  const seed = sql.lit(position)
  switch (kind) {
    case 'integer':
      // The seed takes all 64 bits; int8's own hash folds them.
      return sql`pg_catalog.hashint4extended(${seed}, ${value}::bigint)`
    case 'boolean':
      return sql`pg_catalog.hashint4extended(${value}::integer, ${seed})`
    case 'uuid':
      return sql`pg_catalog.uuid_hash_extended(${value}, ${seed})`
    case 'text':
      return textHash(value, seed)
    case 'timestamp':
      return instantHash(
        hashed,
        sql`timestamp`,
        (own, stretch, side) =>
          sql`pg_catalog.timestamp_hash_extended(${own}, pg_catalog.timestamp_hash_extended(${stretch}, ${side}))`,
      )
    case 'instant':
      return instantHash(hashed, sql`timestamptz`, (own, stretch, side) =>
        hashing.hashesInstants
          ? sql`pg_catalog.timestamptz_hash_extended(${own}, pg_catalog.timestamptz_hash_extended(${stretch}, ${side}))`
          : sql`pg_catalog.hash_array_extended(array[${own}, ${stretch}], ${side})`,
      )
    case 'output': {
      const output = sql.raw(`pg_catalog.${outputs[baseType] ?? 'enum_out'}`)
      return textHash(sql`pg_catalog.textin(${output}(${value}))`, seed)
    }
    case 'image':
      return textHash(sql`row(${value})::text`, seed)
  }
}

/** Some columns of the row `alias` of a table, on either side. */
export interface RowColumns {
  readonly alias: string
  readonly table: SharedTable
  readonly columns: readonly string[]
}

/** One 64-bit hash per column: equal where both are NULL or print the same text, and otherwise different. */
export const columnHashes = ({ alias, table, columns }: RowColumns, hashing: RowHashing): readonly Query[] =>
  columns.map((name, position) => {
    const shared = table.columns.find((each) => each.name === name)
    if (shared === undefined) throw new Error(`table ${table.id} has no column ${name}`)
    const value = column(alias, name)
    const { live, backup } = shared
    if (!hashing.isTyped) return digestOf(rowImage(alias, [name]), hashing.method, sql.lit(position + 1))
    const hashed = { value, kind: kindOf(live, backup), baseType: live.baseType, position: position + 1 }
    const hash = typedHash(hashed, hashing)
    return live.notNull && backup.notNull ? hash : sql`coalesce(${hash}, 0)`
  })

/** 64 bits of some columns. A seed gives other bits of the same columns. */
export const tableDigest = (row: RowColumns, hashing: RowHashing, seed = 0): Query => {
  const image = digestOf(rowImage(row.alias, row.columns), hashing.method, sql.lit(seed))
  if (!hashing.isTyped || row.columns.length === 0) return image
  const hashes = list(columnHashes(row, hashing), ' # ')
  // Since PostgreSQL 18 a column may be NOT NULL while older rows in it are not (NOT VALID).
  return sql`coalesce(pg_catalog.hashint4extended(${sql.lit(seed)}, ${hashes}), ${image})`
}

/** How rows in their places are digested: by the hashes of their types (of timestamptz, too, or as text), or as text. Kept in plans. */
export type PlacedMethod = DigestMethod | 'typed' | 'typed instants'

export const placedMethod = ({ method, isTyped, hashesInstants }: RowHashing): PlacedMethod =>
  isTyped ? (hashesInstants ? 'typed instants' : 'typed') : method

const hashingOf = (method: PlacedMethod): RowHashing =>
  method === 'hash' || method === 'sha256'
    ? { method, isTyped: false, hashesInstants: false }
    : { method: 'hash', isTyped: true, hashesInstants: method === 'typed instants' }

/** 64 bits of some columns of a row in its place, a bigint: the same row elsewhere has others. */
export const placedDigest = (row: RowColumns, method: PlacedMethod, place: Query): Query => {
  const hashing = hashingOf(method)
  const image = digestOf(rowImage(row.alias, row.columns), hashing.method, place)
  if (!hashing.isTyped || row.columns.length === 0) return image
  const hashes = list(columnHashes(row, hashing), ' # ')
  return sql`coalesce(pg_catalog.hashint8extended(${place}, ${hashes}), ${image})`
}

export type DigestMethod = 'hash' | 'sha256'

/** The image of some columns of the row `alias`. */
export const rowImage = (alias: string, columns: readonly string[]): Query =>
  sql`row(${list(columns.map((name) => column(alias, name)))})::text`

/** 64 bits of a text as a bigint. The seed makes equal texts in different places differ. */
export const digestOf = (text: Query, method: DigestMethod, seed: Query = sql`0`): Query =>
  method === 'hash'
    ? sql`pg_catalog.hashtextextended(${text}, ${seed})`
    : sql`('x' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(
        pg_catalog.convert_to((${seed})::text || ':' || (${text}), 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint`

/** The digest of some columns of the row `alias`. */
export const rowDigest = (alias: string, columns: readonly string[], method: DigestMethod): Query =>
  digestOf(rowImage(alias, columns), method)

/** Values whose hashes must agree before two servers' may be compared: of texts, by type, and of instants where servers hash those. */
export const hashProbe = ({ hashesInstants }: Pick<RowHashing, 'hashesInstants'>): Query => sql`
  select (
    select pg_catalog.string_agg(pg_catalog.hashtextextended(v, 42)::text, ' ' order by place)
    from (values (1, ''), (2, 'a'), (3, '(7,"Zoë",,"x ""y""")'), (4, '漢字 🐈')) as probe(place, v)
  ), pg_catalog.concat_ws(' ',
    pg_catalog.hashint4extended(7, 81985529216486895),
    pg_catalog.hashint8extended(4294967303, 81985529216486895),
    pg_catalog.hashint4extended(-3, 0),
    pg_catalog.hashtextextended('Zoë 漢字' collate "C", 42),
    pg_catalog.uuid_hash_extended('0189ab1c-9d3e-7f00-8000-0123456789ab', 5),
    pg_catalog.timestamp_hash_extended(timestamp '2024-02-29 12:34:56.789012', 6),
    pg_catalog.hash_array_extended(array[timestamptz '1969-12-31 23:59:59.999999+00', null], 7),
    pg_catalog.date_bin('4294.967296 s', timestamp '1999-06-01 01:02:03', timestamp '2000-01-01')),
  ${hashesInstants ? sql`pg_catalog.timestamptz_hash_extended(timestamptz '2024-02-29 12:34:56.789012+00', 8)::text` : sql`null`}`
