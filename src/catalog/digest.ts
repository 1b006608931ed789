/**
 * Images and digests of rows. An image is the server's own text of a row (`row(...)::text` under pinned settings): it tells apart
 * what `=` does not (1.0 and 1.00, -0 and 0, white space in json), and NULL from ''. A digest is 64 bits of it.
 *
 * `hash` is the server's text hash, fast, equal on two servers that agree on probe values. `sha256` is portable and lasting: it is
 * used where servers disagree, and for everything that is kept (guards, journal).
 */
import { sql } from 'kysely'
import { column, list, type Query } from '../database/names.ts'

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
export const rowDigest = (alias: string, columns: readonly string[], method: DigestMethod, seed?: Query): Query =>
  digestOf(rowImage(alias, columns), method, seed)

/** Values whose text hashes must agree before two servers' hashes may be compared. */
export const digestProbe: Query = sql`
  select pg_catalog.hashtextextended(v, 42)::text
  from (values (''), ('a'), ('(7,"Zoë",,"x ""y""")'), ('漢字 🐈')) as probe(v)`
