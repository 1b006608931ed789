-- The database behind partial.dump: needs an extension that only a superuser may create, and holds rows that break a foreign key.
create database partial;
\connect partial
create extension cube;
create extension earthdistance;
create table public.place (id integer primary key, spot earth not null);
create table public.visit (id integer primary key, place_id integer references public.place, day date);
create table public.parent (id integer primary key);
create table public.child (id integer primary key, parent_id integer);
insert into public.place values (1, ll_to_earth(52.5, 13.4));
insert into public.visit values (1, 1, '2026-11-01');
insert into public.child values (1, 99);
alter table public.child disable trigger all;
set session_replication_role = replica;
alter table public.child add constraint child_parent_id_fkey foreign key (parent_id) references public.parent not valid;
update pg_catalog.pg_constraint set convalidated = true where conname = 'child_parent_id_fkey';
