-- A small library: what pg_dump is told to leave out of it makes the library-*.dump files.
create database library;
\connect library
create schema sales;
create type tier as enum ('a', 'b');
create table author (id integer primary key, name text not null);
create table book (id integer primary key, title text not null, author_id integer not null references author on delete cascade);
create table review (id integer primary key, book_id integer not null references book on delete cascade, stars integer);
create table sales.deal (id integer primary key, book_id integer references book);
create table sales.offer (id integer primary key, tier tier);
create table visit (id integer, year integer, primary key (id, year)) partition by list (year);
create table visit_2025 partition of visit for values in (2025);
create table visit_2026 partition of visit for values in (2026);
insert into author values (1, 'Eve'), (2, 'Sam');
insert into book values (1, 'Moss', 1), (2, 'Fern', 1), (3, 'Bark', 2);
insert into review values (1, 1, 5), (2, 2, 3), (3, 3, 4);
insert into sales.deal values (1, 3);
insert into sales.offer values (1, 'a');
insert into visit values (1, 2025), (2, 2026);
