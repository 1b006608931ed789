/** What is pictured: one fresh start of the program per scene, on the demo's databases, and the keys that lead to the screen. */

/** Keys pressed one after the other, and what is on screen when they have done their work. */
export interface Step {
  readonly press?: readonly string[]
  readonly until: string | RegExp
}

export interface Scene {
  /** Of its file. */
  readonly name: string
  /** For those who do not see the picture. */
  readonly title: string
  readonly columns: number
  readonly rows: number
  /** SQL for live before the program starts. */
  readonly live?: string
  readonly steps: readonly Step[]
}

const small = { columns: 80, rows: 24 } as const
const large = { columns: 120, rows: 40 } as const

const start: Step = { until: /what was lost[\s\S]*DELETE FROM gallery/ }
const toTables: Step = { press: ['t'], until: /tables +sorted by/ }
const toPhotos: readonly Step[] = [
  start,
  toTables,
  { press: ['m'], until: /photo +\d+ +[1-9]/ },
  { press: ['j', 'j', 'j'], until: /❯ photo / },
  { press: ['enter'], until: /photo +\+ \d+ missing +~ \d+ changed[\s\S]*Selma and Luna/ },
]
const picked: Step = { press: ['space'], until: /1 picked/ }
const reviewed: Step = { press: ['r'], until: /Review: nothing has been written yet/ }
const planned: Step = { press: ['r'], until: /R {2}restores/ }
const restored: Step = { press: ['R'], until: /verified against the backup, committed/ }

/** Somebody made a gallery of that name anew, and put a photo in it. */
const newPets = `insert into gallery (slug, title) values ('pets', 'Pets (new)')`

export const scenes: readonly Scene[] = [
  { name: 'incidents', title: 'What was lost, by what made it go', ...small, steps: [start] },
  { name: 'tables', title: 'Missing and new rows by table', ...small, steps: [start, toTables] },
  { name: 'rows', title: 'Missing and changed photos', ...small, steps: toPhotos },
  {
    name: 'row',
    title: 'A changed photo, live and backup side by side',
    ...small,
    steps: [
      ...toPhotos,
      { press: Array<string>(10).fill('j'), until: /❯\[ \] ~/ },
      { press: ['enter'], until: /^(?![\s\S]*reading)[\s\S]*live +backup/ },
    ],
  },
  {
    name: 'along',
    title: 'What comes along with a gallery',
    ...small,
    steps: [start, picked, { press: ['c'], until: /What comes along[\s\S]*gallery_photos/ }],
  },
  { name: 'review', title: 'The review before anything is written', ...small, steps: [start, picked, planned] },
  {
    name: 'review-conflict',
    title: 'A review with a question to answer',
    ...small,
    live: newPets,
    steps: [start, picked, reviewed, { until: /restore it beside|Answer 1 question/ }],
  },
  { name: 'report', title: 'What was restored', ...small, steps: [start, picked, planned, restored] },
  { name: 'help', title: 'All keys', ...small, steps: [start, { press: ['?'], until: /space +pick/ }] },
  { name: 'incidents-large', title: 'What was lost, in a large terminal', ...large, steps: [start] },
  {
    name: 'rows-large',
    title: 'Photos, and the current one beside them',
    ...large,
    steps: [...toPhotos, { until: /│.*Selma and Luna/ }],
  },
  {
    name: 'along-large',
    title: 'What comes along with a gallery, in a large terminal',
    ...large,
    steps: [start, picked, { press: ['c'], until: /What comes along[\s\S]*gallery_photos/ }],
  },
]

/** What differs from run to run, each with as many characters as it had, so that a picture changes only where the program does. */
export const masks: readonly (readonly [pattern: RegExp, put: (found: string) => string])[] = [
  [/(?<=127\.0\.0\.1:)\d+/g, ({ length }) => '54321'.padEnd(length, '0').slice(0, length)],
  [/(?<=counted at )\d\d:\d\d:\d\d/g, () => '09:41:27'],
  [/\b\d+\.\d(?= s\b)/g, ({ length }) => '0.4'.padStart(length)],
]
