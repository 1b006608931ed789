insert into gallery (id, slug, created_at) values (7, 'pets', '2025-03-02 10:00+00'), (8, 'snow', '2025-04-11 08:30+00');
insert into photo (id, gallery_id, title) values (101, 7, 'Milo asleep'), (102, 7, 'Milo at the lake'), (103, 8, 'Snow in May');
insert into tag values (1, 'dog'), (2, 'water');
insert into photo_tag values (101, 1), (102, 1), (102, 2);
insert into cover values (31, 101, 'red'), (32, 103, 'white');
select setval('gallery_id_seq', 8), setval('photo_id_seq', 103);
