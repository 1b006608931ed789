delete from gallery where id = 7;
insert into gallery (id, slug, created_at) values (7, 'autumn', '2025-09-01 10:00+00');
insert into photo (id, gallery_id, title) values (101, 7, 'Leaves');
update photo set title = 'No title' where id = 103;
