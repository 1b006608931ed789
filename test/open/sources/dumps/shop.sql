-- The database behind shop.dump: a bit of everything that a dump can hold and that scratch must load, or leave out.
create role shop_owner;
create database shop owner shop_owner;
\connect shop
create extension citext;
create schema sales;
create type sales.state as enum ('new', 'paid');
create domain sales.cents as bigint check (value >= 0);
create sequence sales.number_seq start 700;

create table sales.customer (
  id integer generated always as identity primary key,
  email citext not null unique,
  notes text default '' not null
);
create table sales.invoice (
  number bigint default nextval('sales.number_seq') primary key,
  customer_id integer not null references sales.customer on delete cascade,
  state sales.state not null default 'new',
  total sales.cents not null,
  vat numeric(12, 2) generated always as (total * 0.19) stored
);
create index on sales.invoice (customer_id);
create table public."Odd ""name"", with
newline" ("Id.x" uuid primary key, "select" jsonb);
create table public.event (day date not null, id integer not null, what text, primary key (day, id)) partition by range (day);
create table public.event_2025 partition of public.event for values from ('2025-01-01') to ('2026-01-01');
create table public.event_2026 partition of public.event for values from ('2026-01-01') to ('2027-01-01');
create table public.reminder (
  id integer primary key,
  day date not null,
  event_id integer not null,
  foreign key (day, event_id) references public.event
);
create view sales.unpaid as select number, total from sales.invoice where state = 'new';

insert into sales.customer (email, notes) select 'c' || n || '@example.org', repeat('note ', n) from generate_series(1, 40) n;
insert into sales.invoice (customer_id, state, total)
  select 1 + n % 40, (enum_range(null::sales.state))[1 + n % 2], n * 100 from generate_series(1, 120) n;
insert into public."Odd ""name"", with
newline" values ('6f1c1f58-0f7e-4ac5-9c5f-0d5c7a4a6c11', '{"a": [1, "\u00e9", null]}');
insert into public.event select date '2025-12-30' + n, n, e'tab\tand \\ and \u20ac' from generate_series(0, 3) n;
insert into public.reminder select id, day, id from public.event;

create function sales.forbid() returns trigger language plpgsql as $$ begin raise exception 'no writing'; end $$;
create trigger forbid before insert or update on sales.invoice for each row execute function sales.forbid();
create rule quiet as on delete to sales.customer do instead nothing;
alter table sales.customer enable row level security;
alter table sales.customer force row level security;
create policy nobody on sales.customer using (false);
create publication everything for all tables;
grant select on sales.customer to shop_owner;
comment on extension citext is 'text without case';
comment on table sales.invoice is 'what customers owe';
alter schema sales owner to shop_owner;
alter table sales.customer owner to shop_owner;
