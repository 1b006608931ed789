/**
 * What happened in live after the backup was taken. Every statement is a transaction of its own, and their order
 * matters: by the transaction that emptied a reference a restore tells the deletion's doing from what was done before.
 */

/** One thing that happened, in words, and the statements that did it. */
export interface Happening {
  readonly when: string
  readonly what: string
  readonly statements: readonly string[]
}

/** The gallery that was deleted by mistake. */
export const lostGallery = 'pets'

/** The photo whose cover gallery a photographer had emptied on purpose, before the gallery was deleted. */
export const unsetBefore = 'asleep-on-the-radiator'

/** The photo that lost its cover gallery in the deletion and was edited afterwards. */
const editedSince = 'two-dogs-one-stick'

/** Photos that were taken down for good and must not come back. */
export const takenDown: readonly string[] = ['selma-and-luna-on-the-steps', 'two-boys-and-a-beagle']

const links = "pg_get_serial_sequence('gallery_photos', 'id')"

const takenDownList = takenDown.map((slug) => `'${slug}'`).join(', ')

const newPhotos = `insert into photo (slug, title, caption, photographer_id, taken, meta, created_at)
select n.slug, n.title, n.caption, p.id, n.taken::timestamptz, '{"w": 6000, "h": 4000, "iso": 400, "f": 4}',
  n.created_at::timestamptz
from (values
  ('sledges-on-the-church-hill', 'Sledges on the church hill', 'Bregenz, ten minutes after the first flake.',
    'Jonas Weber', '2025-11-19 14:02:11.400127+00', '2025-11-19 17:31:05.118203+00'),
  ('snow-on-the-ferry-deck', 'Snow on the ferry deck', 'North quay, too cold for gloves off.',
    'Søren Kjær', '2025-11-19 06:48:37.902551+00', '2025-11-19 17:33:48.520914+00'),
  ('one-set-of-footprints', 'One set of footprints', 'The allotments, before anybody was up.',
    'Tove Aalto', '2025-11-19 07:15:59.044870+00', '2025-11-19 17:36:20.771346+00'),
  ('tram-with-a-white-roof', 'Tram with a white roof', 'Line 4, Praga.',
    'Marta Nowak', '2025-11-19 08:20:03.611098+00', '2025-11-19 17:40:57.303655+00'),
  ('snowball-caught-in-flight', 'Snowball, caught in flight', null,
    'Aoife Byrne', '2025-11-19 12:31:44.225703+00', '2025-11-19 17:44:12.960127+00'),
  ('bicycle-under-its-own-hill', 'Bicycle under its own hill', 'Outside the bakery, until Thursday.',
    'Ida Lind', '2025-11-19 15:09:26.718230+00', '2025-11-19 17:52:39.084419+00'),
  ('lantern-blue-hour', 'Lantern, blue hour', 'From the roof, thirty seconds.',
    'Emi Sato', '2025-11-19 16:22:18.133946+00', '2025-11-19 17:58:01.442780+00'),
  ('icicles-on-the-night-bus', 'Icicles on the night bus', 'Terminus, engine off.',
    'Noor Haddad', '2025-11-19 17:05:50.500312+00', '2025-11-19 18:03:33.615208+00')
) n (slug, title, caption, photographer, taken, created_at)
join photographer p on p.name = n.photographer
order by n.created_at`

const linkPhotos = (gallery: string, slugs: readonly string[], firstPosition: number): string =>
  `insert into gallery_photos (gallery_id, photo_id, position)
select g.id, p.id, ${firstPosition - 1} + row_number() over (order by p.id)
from gallery g, photo p
where g.slug = '${gallery}' and p.slug in (${slugs.map((slug) => `'${slug}'`).join(', ')})
order by p.id`

/** Everything that happened in live since the backup, oldest first. */
export const history: readonly Happening[] = [
  {
    when: 'Wed 08:12',
    what: 'a photographer unhooked one photo from the gallery "pets", on purpose',
    statements: [`update photo set cover_gallery_id = null where slug = '${unsetBefore}'`],
  },
  {
    when: 'Wed 09:40',
    what: 'two photos were taken down for good: the people in them asked for it',
    statements: [`delete from photo where slug in (${takenDownList})`],
  },
  {
    when: 'Wed 10:25',
    what: 'a visitor added to a comment',
    statements: [
      `update comment set body = body || ' Edit: found it, thanks!'
where id = (select min(id) from comment where body like '%Which lens was it?')`,
    ],
  },
  {
    when: 'Wed 16:40',
    what: 'somebody deleted the gallery "pets"',
    statements: [`delete from gallery where slug = '${lostGallery}'`],
  },
  {
    when: 'Wed 17:05',
    what: 'an import was taken back, and the sequence of link ids was set to the highest id in use: lower than before',
    statements: [
      `select setval(${links}, 900000)`,
      linkPhotos('staff-picks', ['the-new-one', 'ears-up', 'sheepdog-off-duty', 'dachshund-in-tall-grass'], 13),
      'delete from gallery_photos where id > 900000',
      `select setval(${links}, (select max(id) from gallery_photos))`,
    ],
  },
  {
    when: 'Wed 17:30',
    what: 'it snowed: eight new photos, a new gallery, and twelve new links, which got ids of lost links',
    statements: [
      `insert into photographer (name, email, joined) values ('Noor Haddad', 'noor@haddad.example', '2025-11-19')`,
      newPhotos,
      `insert into gallery (slug, title, description, created_at)
values ('first-snow', 'First snow', 'One day, eight photographers.', '2025-11-19 18:10:22.307116+00')`,
      `insert into gallery_tags (gallery_id, tag_id)
select g.id, t.id from gallery g, tag t where g.slug = 'first-snow' and t.name in ('winter', 'colour') order by t.id`,
      linkPhotos(
        'first-snow',
        [
          'sledges-on-the-church-hill',
          'snow-on-the-ferry-deck',
          'one-set-of-footprints',
          'tram-with-a-white-roof',
          'snowball-caught-in-flight',
          'bicycle-under-its-own-hill',
          'lantern-blue-hour',
          'icicles-on-the-night-bus',
        ],
        1,
      ),
      linkPhotos('harbour-mornings', ['snow-on-the-ferry-deck'], 10),
      linkPhotos('city-at-night', ['lantern-blue-hour', 'icicles-on-the-night-bus'], 10),
      linkPhotos('gardens-in-june', ['one-set-of-footprints'], 10),
    ],
  },
  {
    when: 'Wed 20:00',
    what: 'and people went on writing, and editing',
    statements: [
      `update photo set caption = 'South beach. The stick survived.' where slug = '${editedSince}'`,
      `update photo set caption = 'Berth 14. Not a fish in sight by noon.' where slug = 'crates-of-herring'`,
      `update gallery set description = 'An ongoing list, now with drawbridges. Suggestions welcome.'
where slug = 'bridges-of-the-north'`,
      `update comment set author = 'Liam O’Shea, Cork'
where id = (select max(id) from comment where author = 'Liam O’Shea' and photo_id is not null)`,
      `update comment set body = replace(body, 'bit tighter', 'bit tighter on the left')
where id = (select max(id) from comment where body like '%crop a bit tighter%')`,
      `insert into comment (gallery_id, photo_id, author, body, created_at)
select g.id, p.id, n.author, n.body, n.created_at::timestamptz
from (values
  ('first-snow', null, 'Tilde', 'It is still snowing here!', '2025-11-19 18:31:40.772109+00'),
  ('first-snow', null, 'Greg from Leeds', 'We got sleet. Only sleet.', '2025-11-19 19:02:15.390466+00'),
  (null, 'bicycle-under-its-own-hill', 'Nils', 'That is my bicycle.', '2025-11-19 19:20:08.005713+00'),
  (null, 'snowball-caught-in-flight', 'Rosa M.', 'Did it hit you?', '2025-11-19 19:41:57.648820+00'),
  ('staff-picks', null, 'Hanna Virtanen', 'Where have all the pets gone?', '2025-11-19 20:15:33.217904+00'),
  (null, 'the-new-one', 'Mei', 'Does he have a name yet?', '2025-11-19 20:44:26.839051+00')
) n (gallery, photo, author, body, created_at)
left join gallery g on g.slug = n.gallery
left join photo p on p.slug = n.photo
order by n.created_at`,
    ],
  },
]
