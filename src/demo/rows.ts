/**
 * The rows of the photo site as of the backup. Everything is derived from the word lists and one seed, and every time
 * stamp is fixed, so that the site is the same on every machine and on every day. Property names are column names.
 */
import { takenDown } from './history.ts'
import type { Random } from './random.ts'
import { makeRandom } from './random.ts'
import type { GalleryTheme } from './themes.ts'
import { themes } from './themes.ts'
import {
  authors,
  linkCaptions,
  moments,
  openings,
  petComments,
  photographers as photographerWords,
  remarks,
  tags as tagNames,
} from './words.ts'

export type Value = string | number | null

export type SiteRow = Readonly<Record<string, Value>>

type Photo = SiteRow & { readonly id: number; readonly slug: string; readonly created_at: string }

/** All rows of the site, by table, parents before children. */
export interface SiteRows {
  readonly photographer: readonly SiteRow[]
  readonly gallery: readonly SiteRow[]
  readonly photo: readonly SiteRow[]
  readonly gallery_photos: readonly SiteRow[]
  readonly tag: readonly SiteRow[]
  readonly gallery_tags: readonly SiteRow[]
  readonly comment: readonly SiteRow[]
}

/** How many photos of `pets` were put in before the others were: the rest are the newest links of the whole site. */
const earlyPets = 22

/** How many photos have `pets` as their cover gallery. Other galleries have four each. */
const petCovers = 12

const minute = 60_000
const day = 24 * 60 * minute
const opened = Date.UTC(2024, 1, 5)
/** The day before the night in which the backup was taken. */
const lastDay = Date.UTC(2025, 10, 18)

/** Some time between 07:00 and 22:00 on the day of `time`, as PostgreSQL prints it: "2025-06-01 09:12:44.120931+00". */
const timestamp = (time: number, random: Random): string => {
  const midnight = Math.floor(time / day) * day
  const daytime = new Date(midnight + random.between(7 * 60, 22 * 60) * minute - random.between(1, 59_999))
  return `${daytime.toISOString().slice(0, -1).replace('T', ' ')}${String(random.between(1, 999)).padStart(3, '0')}+00`
}

const dayOf = (stamp: string): number => Date.parse(stamp.slice(0, 10))

/** "Bella on the beach" -> "bella-on-the-beach"; letters beyond ASCII lose their marks. */
const slugOf = (title: string): string =>
  title
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f’]/g, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')

const numbered = <T extends object>(rows: readonly T[]): (T & { readonly id: number })[] =>
  rows.map((row, index) => ({ id: index + 1, ...row }))

const idOf = (names: readonly string[], name: string): number => {
  const index = names.indexOf(name)
  if (index < 0) throw new RangeError(`"${name}" is not in its word list`)
  return index + 1
}

/** Galleries that gather photos of all the others. */
const mixed = [
  {
    slug: 'staff-picks',
    title: 'Staff picks',
    description: 'Twelve at a time, changed when we feel like it.',
    size: 12,
  },
  { slug: 'best-of-2024', title: 'Best of 2024', description: 'Chosen by you, in the December vote.', size: 14 },
  { slug: 'postcards', title: 'Postcards', description: 'What you can buy in the shop by the harbour.', size: 10 },
]

const makeGalleries = (random: Random) =>
  numbered(
    [...themes, ...mixed].map(({ slug, title, description }, index) => ({
      slug,
      title,
      description,
      created_at: timestamp(opened + index * 31 * day, random),
    })),
  )

const makePhoto = (theme: GalleryTheme, position: number, random: Random) => {
  const late = theme.slug === 'pets' && position >= earlyPets
  const created = late ? lastDay : opened + random.between(20, 600) * day
  const taken = created - random.between(1, 40) * day
  const title = theme.titles[position] ?? ''
  const names = photographerWords.map(([name]) => name)
  const covers = theme.slug === 'pets' ? petCovers : 4
  const galleryId = themes.indexOf(theme) + 1
  const portrait = random.between(0, 3) === 0
  return {
    slug: slugOf(title),
    title,
    caption: random.between(0, 5) === 0 ? null : `${random.pick(theme.places)}, ${random.pick(moments)}.`,
    photographer_id: idOf(names, random.pick(theme.by)),
    cover_gallery_id: position < covers ? galleryId : null,
    taken: timestamp(taken, random),
    meta: JSON.stringify({
      w: portrait ? 4000 : 6000,
      h: portrait ? 6000 : 4000,
      iso: random.pick([100, 200, 400, 800, 3200]),
      f: random.pick([1.4, 2, 2.8, 5.6, 8]),
    }),
    created_at: timestamp(created, random),
  }
}

const makePhotos = (random: Random): Photo[] =>
  numbered(
    themes
      .flatMap((theme) => theme.titles.map((_, position) => makePhoto(theme, position, random)))
      .sort((a, b) => (a.created_at < b.created_at ? -1 : 1)),
  )

/** Links gallery by gallery; the late ones of `pets` come last and so have the highest ids of all. */
const makeLinks = (photos: readonly Photo[], random: Random) => {
  const photoIds = new Map(photos.map(({ slug, id }) => [slug, id]))
  const idsOfTheme = (theme: GalleryTheme): number[] =>
    theme.titles.flatMap((title) => photoIds.get(slugOf(title)) ?? [])
  const link = (gallery: number, photo: number, position: number) => ({
    gallery_id: gallery,
    photo_id: photo,
    position,
    caption: random.between(0, 6) === 0 ? random.pick(linkCaptions) : null,
  })
  const ofThemes = themes.flatMap((theme, index) =>
    idsOfTheme(theme).map((photo, position) => link(index + 1, photo, position + 1)),
  )
  const pets = themes.findIndex(({ slug }) => slug === 'pets') + 1
  const isLate = (row: { readonly gallery_id: number; readonly position: number }): boolean =>
    row.gallery_id === pets && row.position > earlyPets
  // The first eight of each theme: the photos that are taken down later are not among them.
  const candidates = themes.flatMap((theme) => idsOfTheme(theme).slice(0, 8))
  const ofMixed = mixed.flatMap(({ size }, index) =>
    random
      .shuffle(candidates)
      .slice(0, size)
      .map((photo, position) => link(themes.length + index + 1, photo, position + 1)),
  )
  return numbered([...ofThemes.filter((row) => !isLate(row)), ...ofMixed, ...ofThemes.filter(isLate)])
}

const makeGalleryTags = (): SiteRow[] => {
  const ofThemes = themes.flatMap((theme, index) =>
    theme.tags.map((tag) => ({ gallery_id: index + 1, tag_id: idOf(tagNames, tag) })),
  )
  const ofMixed = mixed.map((_, index) => ({ gallery_id: themes.length + index + 1, tag_id: idOf(tagNames, 'colour') }))
  return [...ofThemes, ...ofMixed]
}

const makeComments = (photos: readonly Photo[], galleryCount: number, random: Random): SiteRow[] => {
  const bodies = random.shuffle(openings.flatMap((opening) => remarks.map((remark) => `${opening} ${remark}`)))
  const comment = (of: { gallery_id: number | null; photo_id: number | null }, body: string, after: number) => ({
    ...of,
    author: random.pick(authors),
    body,
    created_at: timestamp(after + random.between(1, Math.floor((lastDay - after) / day)) * day, random),
  })
  const pets = themes.findIndex(({ slug }) => slug === 'pets') + 1
  const galleries = Array.from({ length: galleryCount }, (_, index) => index + 1).flatMap((id) =>
    id === pets ? [] : Array.from({ length: random.between(1, 4) }, () => id),
  )
  const settled = photos.filter(({ created_at }) => dayOf(created_at) < lastDay)
  const commented = random.shuffle(settled).slice(0, 60)
  const takenDownLater = photos.filter(({ slug }) => takenDown.includes(slug))
  return numbered(
    [
      ...petComments.map((body) => comment({ gallery_id: pets, photo_id: null }, body, opened + 250 * day)),
      ...galleries.map((id) => comment({ gallery_id: id, photo_id: null }, bodies.pop() ?? '', opened + 450 * day)),
      ...[...commented, ...takenDownLater].map(({ id, created_at }) =>
        comment({ gallery_id: null, photo_id: id }, bodies.pop() ?? '', dayOf(created_at)),
      ),
    ].sort((a, b) => (a.created_at < b.created_at ? -1 : 1)),
  )
}

/** Makes the rows of the site as of the backup, the same ones every time. */
export const makeSiteRows = (): SiteRows => {
  const random = makeRandom(20_251_119)
  const photos = makePhotos(random)
  const galleries = makeGalleries(random)
  return {
    photographer: numbered(photographerWords.map(([name, email, joined]) => ({ name, email, joined }))),
    gallery: galleries,
    photo: photos,
    gallery_photos: makeLinks(photos, random),
    tag: numbered(tagNames.map((name) => ({ name }))),
    gallery_tags: makeGalleryTags(),
    comment: makeComments(photos, galleries.length, random),
  }
}
