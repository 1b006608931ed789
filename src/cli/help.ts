/** What help says beyond the flags: examples first, and what the exit codes mean. */
import type { Command } from 'commander'

const examples: Readonly<Record<string, readonly (readonly [command: string, says: string])[]>> = {
  rowgraft: [
    ['rowgraft demo', 'try it, on two databases of its own'],
    ['rowgraft --live "$LIVE" --backup shop.dump', 'the terminal UI: what was lost, and back with it'],
    ['rowgraft diff --live "$LIVE" --backup shop.dump', 'what is missing?'],
    ['rowgraft plan gallery 7', 'what would come back with gallery 7, and why?'],
    ['rowgraft restore gallery 7', 'bring it back; asks first'],
    ['rowgraft undo', 'take the last run back'],
  ],
  tables: [['rowgraft tables', 'with ROWGRAFT_LIVE and ROWGRAFT_BACKUP set']],
  diff: [
    ['rowgraft diff', 'counts for all tables'],
    ['rowgraft diff photo gallery --rows --missing', 'the missing rows of two tables'],
    ['rowgraft diff photo --rows --missing --format ndjson > keys', 'for --keys-from keys'],
  ],
  incidents: [
    ['rowgraft incidents', 'what happened, largest first'],
    ['rowgraft incidents --no-changed', 'what is missing, and nothing of what was overwritten'],
    ['rowgraft restore --incident k3f9tx', 'bring back one of them, by its id'],
  ],
  show: [
    ['rowgraft show photo 3310', 'both sides of one row'],
    ['rowgraft show plan.json', 'a plan, readable'],
  ],
  plan: [
    ['rowgraft plan gallery 7 8', 'two galleries and what belongs to them'],
    [`rowgraft plan gallery --where "slug = 'pets'"`, 'a condition, evaluated on the backup'],
    ['rowgraft plan photo --all-missing --out plan.json', 'to review and run later'],
    ['rowgraft plan --under photo:3', 'everything missing below photo 3'],
    ["rowgraft plan --statement 'delete from photo where ...'", 'what that statement took away'],
  ],
  restore: [
    ['rowgraft restore gallery 7', 'plans, shows the plan, asks, restores'],
    ['rowgraft restore gallery 7 --rehearse', 'does it all and rolls back'],
    ['rowgraft restore gallery 7 --on-conflict gallery=match --yes', 'in a script'],
    ['rowgraft restore plan.json --expect <sha256> --yes', 'a plan that was reviewed'],
  ],
  verify: [
    ['rowgraft verify', 'the newest run'],
    ['rowgraft verify k3f9 --json', 'a run by its id'],
  ],
  undo: [
    ['rowgraft undo', 'the newest run; asks first'],
    ['rowgraft undo k3f9 --yes', 'a run by its id'],
  ],
  runs: [['rowgraft runs', 'every run on this live']],
  recover: [['rowgraft recover', 'after a crash: is live changed or not?']],
  ui: [
    ['rowgraft', 'with ROWGRAFT_LIVE and ROWGRAFT_BACKUP set'],
    ['rowgraft --profile production --read-only', 'look, and write nothing'],
  ],
  demo: [
    ['rowgraft demo', 'the terminal UI on a site that lost a gallery'],
    ['rowgraft demo --story', 'the same, told command by command'],
  ],
}

const exitCodes = `Exit codes:
  0  done, or no differences          5    failed and rolled back; live is unchanged
  1  differences, or not verified     6    outcome unknown: run rowgraft recover
  2  wrong usage                      7    done, but not everything asked for is back
  3  cannot connect                   8    stopped part way; run the same plan again
  4  refused; live is unchanged       70   a bug in rowgraft
                                      130  interrupted (143 by SIGTERM); live is unchanged`

const formatExamples = (name: string): string => {
  const known = examples[name] ?? []
  const width = Math.max(0, ...known.map(([command]) => command.length))
  return ['Examples:', ...known.map(([command, says]) => `  ${command.padEnd(width)}   ${says}`), ''].join('\n')
}

/** Puts the examples of a command before its usage. */
export const addExamples = (command: Command): Command =>
  examples[command.name()] === undefined ? command : command.addHelpText('before', formatExamples(command.name()))

/** Puts the exit codes after the help of the program. */
export const addExitCodes = (command: Command): Command => command.addHelpText('after', `\n${exitCodes}`)
