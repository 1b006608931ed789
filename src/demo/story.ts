import { lostGallery } from './history.ts'

/** One command of the story: what is said before it, its arguments, and the exit code that the story expects. */
export interface StoryCommand {
  readonly says: string
  readonly argv: readonly string[]
  readonly exits: number
}

const pets = ['gallery', '--where', `slug = '${lostGallery}'`] as const

/** Said before anything else. */
export const opening: readonly string[] = [
  'A photo site lost a gallery, and this is how it comes back.',
  'Two databases have been started on this machine: "shop" is live, and "shop_backup" is its backup of Wednesday, ' +
    '19 November, 02:00. What has happened in live since then:',
]

/** Said before the terminal UI opens. */
export const openingScreen: readonly string[] = [
  'A photo site lost a gallery. Two databases have been started on this machine: "shop" is live, and "shop_backup" is its backup.',
  'Both go away again when you leave. The story told command by command: rowgraft demo --story',
]

/** The whole story, command by command. Exit code 1 means "there are differences", which is what one hopes for here. */
export const story: readonly StoryCommand[] = [
  {
    says:
      'Putting the whole backup back would cost everything that is new. ' +
      'So look first: what is different between live and the backup?',
    argv: ['diff'],
    exits: 1,
  },
  {
    says: 'Sixty-odd rows are missing. What happened to them?',
    argv: ['incidents'],
    exits: 1,
  },
  {
    says: 'The gallery "Pets", then. Is that all of it?',
    argv: ['diff', 'gallery', '--rows', '--missing'],
    exits: 1,
  },
  {
    says:
      'What would come back with it, and why? Its links, tags and comments went with it, other photos lost their ' +
      'cover gallery, and twelve link ids belong to other links by now. A plan says all that and writes nothing.',
    argv: ['plan', ...pets],
    exits: 0,
  },
  {
    says: 'That is what we want. One transaction, verified before it is committed:',
    argv: ['restore', ...pets, '--yes'],
    exits: 0,
  },
  {
    says: 'The gallery is back. Compare what was restored with the backup once more:',
    argv: ['verify'],
    exits: 0,
  },
  {
    says:
      'What still differs is what should: all that is new, all that was edited, the photo that was unhooked on ' +
      'purpose, and the two photos that were taken down, with a comment and a link each.',
    argv: ['diff'],
    exits: 1,
  },
  {
    says: 'Typed twice by mistake? There is nothing left to restore, so nothing is written.',
    argv: ['restore', ...pets, '--yes'],
    exits: 0,
  },
  {
    says: 'And if it was all a misunderstanding, take it back:',
    argv: ['undo', '--yes'],
    exits: 0,
  },
  {
    says: 'Live is as it was before, and the gallery is missing again:',
    argv: ['diff', 'gallery', '--rows', '--missing'],
    exits: 1,
  },
]

/** Commands to try by oneself afterwards, each with what it is for. */
export const suggestions: readonly (readonly [argv: readonly string[], purpose: string])[] = [
  [['tables'], 'what rowgraft knows about the tables'],
  [['restore', ...pets], 'bring the gallery back; asks first'],
  [['undo'], 'take that back'],
  [['restore', ...pets, '--keys', 'new'], 'bring it back under a new id'],
  [['runs'], 'what has been done so far'],
]

/** Said at the end, when both databases are gone. */
export const farewell = 'Both databases are gone. Until next time!'

/** The same where nobody was there to try the commands. */
export const farewellUnattended = 'That is all. In a terminal the demo keeps both databases up for you to try.'
