/** Why rows of a table cannot be looked at, compared or restored, in words. */
import type { Flaws, OtherRefusal, TableRefusal } from '../../catalog/refusal/refusal.ts'
import { displayAlone } from '../../database/display.ts'
import { byId, type NameTable } from '../names.ts'

const wordFlaws = (flaws: readonly Flaws[]): string =>
  flaws
    .flatMap(({ side, empty, twice }) => [
      ...(empty > 0 ? [`empty in ${empty} row${empty === 1 ? '' : 's'} of ${side}`] : []),
      ...(twice > 0 ? [`the same in ${twice} rows of ${side}`] : []),
    ])
    .join(', ')

const list = (names: readonly string[]): string => `(${names.join(', ')})`

/** Types are named as tables are. */
export const wordRefusal = (refusal: TableRefusal | OtherRefusal, name: NameTable = byId): string => {
  switch (refusal.kind) {
    case 'without rows':
      return `its rows are not in ${refusal.side}: the dump was made without them`
    case 'row security':
      return `row-level security hides rows from this role in ${refusal.side}`
    case 'no select': {
      const grant = `grant select on ${name(refusal.table)} to ${displayAlone(refusal.user)};`
      return `no SELECT on it in ${refusal.side} ${list(refusal.columns)}: ${grant}`
    }
    case 'no type':
      return `no ${refusal.grant.replace(/(?<=^usage on type ).+/s, (type) => name(type))}, which its key "${refusal.column}" needs`
    case 'own equality': {
      const what = `its ${refusal.of} "${refusal.column}" is of type ${name(refusal.type)}`
      return `${what}: rows cannot be looked up by a type of an extension`
    }
    case 'excluded':
      return 'it is excluded by the config file'
    case 'no such key': {
      const flaws = wordFlaws(refusal.flaws)
      if (refusal.as === 'reference') return `It is ${flaws}.`
      const what = refusal.as === 'identity' ? 'its identity' : 'as a junction table its pair'
      return `${what} ${list(refusal.columns)} is ${flaws}`
    }
    case 'required column':
      return `column "${refusal.column}" of live is NOT NULL without a default, and the backup does not have it`
    case 'other type':
      return `column "${refusal.column}" is ${name(refusal.backup)} in the backup and ${name(refusal.live)} in live`
    case 'other attributes':
      return `column "${refusal.column}" has ${list(refusal.backup)} in the backup and ${list(refusal.live)} in live`
    case 'subscription':
      return `subscription "${refusal.subscription}" writes it in live: bring its rows back where they come from`
    case 'rule':
      return 'a rule on live rewrites what is written to it'
    case 'period':
      return `its foreign key ${refusal.constraint} refers to periods (PERIOD): it cannot be followed`
    case 'nothing in common':
      return 'live and backup have no column of it in common'
    case 'no key':
      return 'no primary key, and not a junction table: a row of the backup cannot be recognised in live'
    case 'other key':
      return `the primary key differs: ${list(refusal.live)} in live, ${list(refusal.backup)} in the backup`
    case 'key on one side':
      return 'a column of its key is not on both sides'
    case 'not in the backup':
      return 'it is not in the backup: absence there proves nothing'
    case 'not in live':
      return 'live does not have it'
    case 'foreign':
      return 'its rows live on another server'
    case 'materialised':
      return 'it is computed; refresh it instead'
    case 'view':
      return 'it is computed; restore the tables below it'
    case 'no usage': {
      const grant = `grant usage on schema ${displayAlone(refusal.schema)} to ${displayAlone(refusal.user)};`
      return `no USAGE on its schema: ${grant}`
    }
  }
}
