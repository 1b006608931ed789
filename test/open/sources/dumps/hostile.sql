-- The database behind hostile.dump: code that runs while the dump is loaded tries what only a superuser may do, and notes each success.
create database hostile;
\connect hostile
create table public.success (attack text);
create function public.try(attack text, command text) returns void language plpgsql as $$
begin
  execute command;
  insert into public.success values (attack);
exception when others then
  null;
end $$;
create function public.evil(integer) returns boolean language plpgsql as $$
begin
  perform public.try('none: this one must succeed', 'select 1');
  perform public.try('program', 'copy (select 1) to program ''touch /tmp/rowgraft-hostile-program''');
  perform public.try('write file', 'copy (select 1) to ''/tmp/rowgraft-hostile-file''');
  perform public.try('read file', 'select pg_catalog.pg_read_file(''/etc/passwd'')');
  perform public.try('list files', 'select pg_catalog.pg_ls_dir(''/'')');
  perform public.try('large object', 'select pg_catalog.lo_import(''/etc/passwd'')');
  perform public.try('superuser', 'alter role current_user superuser');
  perform public.try('create role', 'create role intruder superuser login');
  perform public.try('create database', 'create database intruder');
  perform public.try('set role', 'set role postgres');
  perform public.try('session role', 'set session_replication_role = replica');
  perform public.try('alter system', 'alter system set archive_command = ''touch /tmp/x''');
  perform public.try('c function', 'create function public.f() returns int language c as ''libc.so.6'', ''getpid''');
  perform public.try('dblink', 'create extension dblink');
  perform public.try('file_fdw', 'create extension file_fdw');
  perform public.try('event trigger', 'create event trigger t on ddl_command_start execute function public.evil()');
  perform public.try('password hashes', 'select rolpassword from pg_catalog.pg_authid');
  return true;
end $$;
create table public.bait (id integer primary key check (public.evil(id)));
insert into public.bait values (1);
truncate public.success;
