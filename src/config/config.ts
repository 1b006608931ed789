/**
 * What `rowgraft.config.ts` may say. Tables are named as psql takes them (`photo`, `public.photo`, `"Odd"`), columns as they are.
 * Names are those of live, unless the doc comment says otherwise.
 */

/** A row on its way from the backup to live: every column's text as PostgreSQL prints it; null is NULL. */
export type RowValues = Readonly<Record<string, string | null>>

/** What a transform is told besides the row. */
export interface TransformContext {
  /** The table, as `public.photo`. */
  readonly table: string
  /** The row's key in the backup, by column. */
  readonly key: RowValues
}

/** Changes a row before it is written: gives its values, or null to leave the row out. May be asynchronous. */
export type Transform = (row: RowValues, context: TransformContext) => RowValues | null | Promise<RowValues | null>

/** A relation that no constraint declares: followed like a foreign key, both ways. */
export interface DeclaredRelation {
  /** The referencing table and its columns. */
  readonly from: string
  readonly columns: readonly string[]
  /** The referenced table and its columns, in the same order; default: its primary key. */
  readonly to: string
  readonly toColumns?: readonly string[]
  /** Only rows of `from` for which this SQL holds refer, as in `kind = 'photo'`; columns by their bare names. */
  readonly where?: string
  /** What happens to the children when the parent goes; default `cascade`: they are brought back with it. */
  readonly onDelete?: 'cascade' | 'restrict' | 'set null'
}

/** A reference whose table depends on a column (Rails: `commentable_type`, `commentable_id`). */
export interface PolymorphicRelation {
  readonly from: string
  readonly typeColumn: string
  readonly idColumn: string
  /** The table of each value of the type column. */
  readonly types: Readonly<Record<string, string>>
}

/** Where the files are that a column names. */
export type FileStore =
  /** A folder of this machine; the column's value is a path below it. */
  | { readonly folder: string }
  /**
   * A URL prefix: `https://` is asked by HEAD requests; `s3://bucket/prefix` by `@aws-sdk/client-s3`, if it is installed, which takes region
   * and credentials from where the AWS tools take them.
   */
  | { readonly url: string }

/** SQL on live, and commands on this machine. */
export interface Hooks {
  /** SQL on live inside the run's transaction, before anything is written. */
  readonly before?: string | readonly string[]
  /** SQL on live inside the run's transaction, after everything is written and before it is verified. */
  readonly after?: string | readonly string[]
  /** Shell commands once the run is committed; `ROWGRAFT_REPORT` is the path of the report. A failure exits with 7. */
  readonly committed?: string | readonly string[]
}

/** What may be said for all profiles, or for one. */
export interface Defaults {
  /** True: live's database name must be typed (or given by `--confirm`). `refuse`: nothing is ever written to it. */
  readonly protect?: boolean | 'refuse'
  /** A role that the run becomes on live, inside its transaction (SET ROLE). */
  readonly role?: string
  /** Settings on live inside the run's transaction: `{ 'app.user': 'restore' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A pair of databases with a name: `--profile production`. */
export interface Profile extends Defaults {
  readonly live?: string
  readonly backup?: string
}

/** What `rowgraft.config.ts` may export. */
export interface Config extends Defaults {
  readonly profiles?: Readonly<Record<string, Profile>>
  /** Columns that mark rows as deleted, by table: `{ photo: 'deleted_at' }`. */
  readonly softDelete?: Readonly<Record<string, string>>
  /** Columns by which a row of the backup is recognised in live, where that is not the primary key. */
  readonly identities?: Readonly<Record<string, readonly string[]>>
  /** Tables whose rows are links between the two tables they refer to, although no key says so. */
  readonly junctions?: readonly string[]
  /** Tables that are left out altogether. */
  readonly exclude?: readonly string[]
  readonly relations?: readonly DeclaredRelation[]
  readonly polymorphic?: readonly PolymorphicRelation[]
  /** Schemas that have another name now: backup's to live's. */
  readonly schemas?: Readonly<Record<string, string>>
  /** Tables that have another name now: backup's to live's. */
  readonly tables?: Readonly<Record<string, string>>
  /** Columns that have another name now, by table of live: backup's to live's. */
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Rows that must not come back by any route, by table: SQL conditions evaluated on the backup. */
  readonly never?: Readonly<Record<string, string>>
  readonly transforms?: Readonly<Record<string, Transform>>
  readonly hooks?: Hooks
  /** Columns that name files, as `photo.path`. */
  readonly files?: Readonly<Record<string, FileStore>>
}

/** Types a config file: `export default defineConfig({ ... })`. */
export const defineConfig = (config: Config): Config => config
