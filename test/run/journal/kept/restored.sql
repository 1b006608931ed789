insert into gallery (id, slug, created_at) values (9, 'pets', '2025-03-02 10:00+00');
insert into photo (id, gallery_id, title) values (104, 9, 'Milo asleep'), (102, 9, 'Milo at the lake');
insert into photo_tag values (104, 1), (102, 1), (102, 2);
update photo set title = 'Snow in May' where id = 103;
update cover set photo_id = 104 where id = 31;
