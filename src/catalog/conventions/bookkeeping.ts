/** Tables in which frameworks keep their own books. Pure. */

const bookkeeping = new Set(
  `django_session django_migrations django_admin_log
   schema_migrations ar_internal_metadata
   flyway_schema_history schema_version databasechangelog databasechangeloglock
   alembic_version goose_db_version gorp_migrations atlas_schema_revisions
   knex_migrations knex_migrations_lock _prisma_migrations sequelizemeta typeorm_metadata pgmigrations
   __efmigrationshistory doctrine_migration_versions phinxlog`.split(/\s+/),
)

/** Names that an application may use for something else: they count only with the columns that the framework gives them. */
const ambiguous: Readonly<Record<string, RegExp>> = {
  sessions: /^(session_id|session_key|session_data|sid|sess|token|payload|data)$/i,
  session: /^(session_id|session_key|session_data|sid|sess|token|payload|data)$/i,
  migrations: /^(batch|migration|timestamp)$/i,
}

interface Named {
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
}

/** Tables in which frameworks keep their own books: sessions, migrations, the admin's log. They are left alone until they are named. */
export const isBookkeeping = ({ name, columns }: Named): boolean => {
  const known = name.toLowerCase()
  return bookkeeping.has(known) || columns.some((own) => ambiguous[known]?.test(own.name) ?? false)
}
