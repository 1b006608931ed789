/** What logical replication has to do with a table: who publishes it without a way to tell its rows apart, and who writes it. */
import { sql } from 'kysely'

/** Publications of tables without a replica identity: there UPDATE and DELETE fail, as far as they are published. */
export const unpublishableQuery = sql`
  with published as (
    select c.oid, p.pubname, p.pubupdate, p.pubdelete
    from pg_catalog.pg_publication_tables t
    join pg_catalog.pg_publication p on p.pubname = t.pubname
    join pg_catalog.pg_namespace n on n.nspname = t.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
    where p.pubupdate or p.pubdelete
  ), leaves as (
    select coalesce(leaf.relid, p.oid) as oid, p.pubname, p.pubupdate, p.pubdelete
    from published p
    left join lateral pg_catalog.pg_partition_tree(p.oid) as leaf on leaf.isleaf
  )
  select json_build_object('table', coalesce(pg_catalog.pg_partition_root(l.oid), l.oid)::oid::text,
    'name', min(l.pubname collate "C"), 'update', bool_or(l.pubupdate), 'delete', bool_or(l.pubdelete))::text
  from leaves l
  join pg_catalog.pg_class c on c.oid = l.oid
  where c.relreplident = 'n' or (c.relreplident = 'd' and not exists ( -- n: nothing, d: the primary key
    select from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisprimary and i.indimmediate and i.indisvalid))
  group by coalesce(pg_catalog.pg_partition_root(l.oid), l.oid)`

/** Tables that a subscription of this database writes. */
export const subscribedQuery = sql`
  select json_build_object('table', coalesce(pg_catalog.pg_partition_root(r.srrelid), r.srrelid)::oid::text,
    'name', min(s.subname collate "C"))::text
  from pg_catalog.pg_subscription_rel r
  join pg_catalog.pg_subscription s on s.oid = r.srsubid
  join pg_catalog.pg_database d on d.oid = s.subdbid and d.datname = pg_catalog.current_database()
  group by coalesce(pg_catalog.pg_partition_root(r.srrelid), r.srrelid)`
