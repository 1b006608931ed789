/**
 * The flags, in groups, and what they become. Each group is added to the commands that take it.
 *
 * In come words as they are typed; out go selections and options of the engine, or `usage`.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { answers } from '../../data.ts'
import { RowgraftError } from '../../errors.ts'
import type { Answer, PlanOptions } from '../../index.ts'
import { parseCount, parseDuration } from './durations.ts'

export type Color = 'auto' | 'always' | 'never'

export type Format = 'text' | 'json' | 'ndjson' | 'csv'

export interface OutputFlags {
  readonly format?: Format
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly debug?: boolean
  /** False for `--no-color`. */
  readonly color?: Color | false
  /** False for `--no-input`. */
  readonly input: boolean
}

export interface ConnectionFlags {
  readonly profile?: string
  readonly live?: string
  readonly backup?: string
  readonly role?: string
  readonly setting?: readonly LiveSetting[]
  readonly journal?: string
  readonly backupIsNewer?: boolean
  readonly softDelete?: readonly string[]
  readonly follow?: 'suggested'
  /** A path, or false for `--no-config`. */
  readonly config?: string | false
  /** Milliseconds. */
  readonly timeout?: number
  readonly lockTimeout?: number
}

/** One `--setting`. */
export interface LiveSetting {
  readonly name: string
  readonly value: string
}

export interface SelectionFlags {
  readonly where?: string
  readonly allMissing?: boolean
  readonly incident?: readonly string[]
  readonly under?: readonly string[]
  readonly keysFrom?: string
  readonly statement?: string
  readonly statementAt?: string
  readonly select?: readonly string[]
  readonly columns?: string
}

export interface PlanFlags {
  readonly parents?: PlanOptions['parents']
  readonly children?: PlanOptions['children']
  readonly links?: PlanOptions['links']
  readonly relink?: PlanOptions['relink']
  readonly without?: readonly string[]
  readonly keys?: PlanOptions['keys']
  readonly onConflict?: readonly ConflictAnswer[]
  readonly again?: boolean
  readonly acceptTrigger?: readonly string[]
  readonly acceptRounding?: readonly string[]
  readonly set?: readonly string[]
  readonly mapEnum?: readonly string[]
  readonly triggers?: 'fire' | 'off'
  readonly bulk?: boolean
}

/** One `--on-conflict`: a table or `<table>:<key>`; null is for all that have no answer of their own. */
export interface ConflictAnswer {
  readonly rows: string | null
  readonly answer: Answer
}

const parseConflictAnswer = (text: string): ConflictAnswer => {
  const at = text.lastIndexOf('=')
  const answer = answers.find((known) => known === text.slice(at + 1))
  if (answer === undefined || at === 0) {
    throw new InvalidArgumentError(
      `Write <answer>, <table>=<answer> or <table>:<key>=<answer>; answers are ${answers.join(', ')}.`,
    )
  }
  return { rows: at === -1 ? null : text.slice(0, at), answer }
}

const repeatable =
  <T>(parse: (text: string) => T) =>
  (text: string, known: readonly T[] | undefined): readonly T[] => [...(known ?? []), parse(text)]

const same = (text: string): string => text

/** Splits at commas outside of double quotes. */
const splitList = (text: string): readonly string[] =>
  text.match(/(?:"[^"]*"|[^",])+/g)?.map((part) => part.trim()) ?? []

/** Adds a group of options to a command. */
export const optionGroup =
  (heading: string, options: () => readonly Option[]) =>
  (command: Command): Command =>
    options().reduce((own, option) => own.addOption(option.helpGroup(heading)), command)

const parseSetting = (text: string): LiveSetting => {
  const at = text.indexOf('=')
  // Not commander's own error, which repeats what was typed.
  if (at < 1) {
    throw new RowgraftError('usage', '--setting has no name', {
      hint: 'Write <name>=<value>, for example app.user=restore.',
    })
  }
  return { name: text.slice(0, at).trim(), value: text.slice(at + 1) }
}

const liveOptions = (): readonly Option[] => [
  new Option('--live <conninfo>', 'the database that is written: a URL or key=value pairs (or ROWGRAFT_LIVE)'),
  new Option('--profile <name>', 'a pair of databases of the config file, with all that it says of them'),
  new Option('--config <file>', 'the config file (default: the nearest rowgraft.config.ts, upwards)'),
  new Option('--no-config', 'use no config file').default(undefined),
  new Option('--journal <dir>', 'where runs are recorded (or ROWGRAFT_JOURNAL)'),
  new Option('--timeout <time>', 'the longest a statement may take, as in 30s or 5min').argParser(parseDuration),
  new Option('--lock-timeout <time>', 'the longest to wait for a lock').argParser(parseDuration),
]

const triggersOptions = (): readonly Option[] => [
  new Option('--triggers <how>', 'triggers that reach outside the database: fire, off').choices(['fire', 'off']),
  new Option('--bulk', 'write without triggers, and check foreign keys table by table; the same as --triggers off'),
]

const settingOption = (): Option =>
  new Option('--setting <name=value>', 'a setting on live, inside every transaction; repeatable').argParser(
    repeatable(parseSetting),
  )

/** An undo fires triggers of its own, which may read settings. */
export const addTriggers = optionGroup('Running:', () => [settingOption(), ...triggersOptions()])

export const addLive = optionGroup('Databases:', liveOptions)

export const addDatabases = optionGroup('Databases:', () => {
  const [live, ...rest] = liveOptions()
  return [
    ...(live === undefined ? [] : [live]),
    new Option('--backup <source>', 'a URL, key=value pairs, or a file of pg_dump -Fc (or ROWGRAFT_BACKUP)'),
    new Option('--backup-is-newer', 'go on although the backup seems newer than live'),
    new Option('--soft-delete <table.column>', 'a column that marks rows as deleted; repeatable').argParser(
      repeatable(same),
    ),
    new Option(
      '--follow <which>',
      'suggested: follow the relations that "tables --suggest" lists, as if they were declared',
    ).choices(['suggested']),
    new Option('--role <name>', 'a role to become on live (SET ROLE), inside every transaction'),
    settingOption(),
    ...rest,
  ]
})

export const addSelection = optionGroup('Selection:', () => [
  new Option('--where <sql>', 'rows of the table for which this holds in the backup'),
  new Option(
    '--all-missing',
    'every missing row of the table; without a table, of all but those in which frameworks keep books',
  ),
  new Option('--incident <id>', 'an incident as "rowgraft incidents" lists it; repeatable').argParser(repeatable(same)),
  new Option('--under <table:key>', 'everything missing below a row that is still there').argParser(repeatable(same)),
  new Option('--keys-from <file>', 'rows listed as "diff --rows --format ndjson" prints them; - is standard input'),
  new Option('--statement <sql>', 'what the DELETE, UPDATE or TRUNCATE you regret did; - is standard input'),
  new Option('--statement-at <time>', 'when it ran, with its zone: what now() gave it'),
  new Option('--select <rows>', "'<table>:<key>' or '<table>?<where>'; repeatable").argParser(repeatable(same)),
  new Option('--columns <names>', 'put back only these columns of rows that live still has'),
])

export const addClosure = optionGroup('What comes along:', () => [
  new Option('--parents <how>', 'parents that are gone too: restore (default), stop, null').choices([
    'restore',
    'stop',
    'null',
  ]),
  new Option('--children <which>', 'rows that belonged to them: all (default), cascade, none').choices([
    'all',
    'cascade',
    'none',
  ]),
  new Option('--links <which>', 'rows of junction tables: existing (default), pull, none').choices([
    'existing',
    'pull',
    'none',
  ]),
  new Option('--relink <which>', 'live rows whose reference was emptied: evidence (default), all, none').choices([
    'evidence',
    'all',
    'none',
  ]),
  new Option('--without <table>', 'leave a table out; repeatable').argParser(repeatable(same)),
])

export const addConflicts = optionGroup('Keys and conflicts:', () => [
  new Option('--keys <mode>', 'auto (default: keep what is free), keep (all or nothing), new').choices([
    'auto',
    'keep',
    'new',
  ]),
  new Option('--on-conflict <answer>', `[table[:key]=]answer: ${answers.join(', ')}; repeatable`).argParser(
    repeatable(parseConflictAnswer),
  ),
  new Option('--again', 'insert rows again that look restored already'),
  new Option('--set <table.column=value>', "what every restored row gets; null is NULL, 'null' is that text").argParser(
    repeatable(same),
  ),
  new Option('--map-enum <table.column:old=new>', "a label of live's for one it does not have; repeatable").argParser(
    repeatable(same),
  ),
  new Option('--accept-trigger <columns>', 'table.column that a trigger may change on inserted rows').argParser(
    (text: string, known: readonly string[] | undefined) => [...(known ?? []), ...splitList(text)],
  ),
  new Option(
    '--accept-rounding <columns>',
    'table.column whose values live may round, as its type keeps fewer digits',
  ).argParser((text: string, known: readonly string[] | undefined) => [...(known ?? []), ...splitList(text)]),
  ...triggersOptions(),
])

export const addRows = optionGroup('Rows:', () => [
  new Option('--rows', 'list the rows, not only how many there are'),
  new Option('--missing', 'missing rows only; --missing, --changed and --extra add up'),
  new Option('--changed', 'changed rows only'),
  new Option('--extra', 'rows only in live'),
  new Option('--jobs <n>', 'connections to each database; default: what both can spare').argParser(parseCount),
])

export const addEvents = optionGroup('Rows:', () => [
  new Option('--changed', 'look for overwritten rows in every table, however large').default(undefined),
  new Option('--no-changed', 'look for missing rows only').default(undefined),
])

export const addSaving = optionGroup('Plan:', () => [
  new Option('--out <file>', 'save the plan, to be run by "rowgraft restore <file>"'),
  new Option('--sql <file>', 'write it as one SQL script for psql, with the rows in it'),
])

export const addShowing = optionGroup('Plan:', () => [
  new Option(
    '--values',
    'the rows of a plan with their values, from the backup; of one row, exactly the rows that it came along with',
  ),
])

export const colorOptions = (): readonly Option[] => [
  new Option('--color <when>', 'colour: auto, always, never').choices(['auto', 'always', 'never']),
  new Option('--no-color', 'the same as --color never').default(undefined),
]

const outputOptions = (formats: readonly Format[]): readonly Option[] => [
  new Option('--format <format>', `what to print: ${formats.join(', ')}`).choices(formats),
  new Option('--json', 'the same as --format json'),
  new Option('--quiet', 'no progress and no notes'),
  new Option('--verbose', 'say more about the databases and about errors'),
  new Option('--debug', 'say everything'),
  ...colorOptions(),
  new Option('--no-input', 'never ask: what needs an answer is refused'),
]

export const addOutput = optionGroup('Output:', () => outputOptions(['text', 'json', 'ndjson']))
export const addTabularOutput = optionGroup('Output:', () => outputOptions(['text', 'json', 'ndjson', 'csv']))
