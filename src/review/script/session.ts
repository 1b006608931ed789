/** How a script begins and ends: alone in one transaction, with the settings of a run, and rolled back unless it is told to commit. */
import type { DatabaseIdentity } from '../../catalog/read/identity.ts'
import { compileLiteral, identifier, quote } from '../../database/names.ts'
import { pinnedSettings } from '../../database/settings.ts'
import type { Plan } from '../../plan/plan.ts'
import { transactionOf } from '../../run/perform.ts'
import type { RunOptions } from '../../run/run.ts'
import { lockKey } from '../../run/transaction-start.ts'
import { block, execute } from './blocks.ts'
import { comment } from './text.ts'

const setConfig = (name: string, value: string): string =>
  `  perform pg_catalog.set_config(${quote(name)}, ${value}, true);`

/** From psql's own settings to the transaction's. */
export const beginScript = (plan: Plan, options: RunOptions): string => {
  return [
    '\\set ON_ERROR_STOP on\n',
    '\\set ON_ERROR_ROLLBACK off\n',
    '\\set AUTOCOMMIT on\n',
    '\\set QUIET on\n',
    '\\encoding UTF8\n',
    'begin isolation level read committed read write;\n',
    'set local standard_conforming_strings = on;\n',
    block([], [setConfig('rowgraft.search_path', "pg_catalog.current_setting('search_path')")]),
    pin(plan, options),
  ].join('')
}

const triggersOn = [
  "  if pg_catalog.current_setting('session_replication_role') = 'replica' then",
  `  ${setConfig('session_replication_role', quote('origin'))}`,
  '  end if;',
]

const become = (role: string | null): string =>
  role === null ? '' : `set local role ${compileLiteral(identifier(role))};\n`

/** Everything that is pinned for the transaction, and the role it acts as. */
const pin = (plan: Plan, options: RunOptions): string => {
  const { role, settings, triggers } = plan.options
  const { timeouts, settings: own } = transactionOf(plan, options)
  const pinned = pinnedSettings([['synchronous_commit', 'on'], ...own], timeouts)
  const all = [...pinned, ...Object.entries(settings)].map(([name, value]) => setConfig(name, quote(value)))
  return block([], [...all, ...(triggers === 'off' ? [] : triggersOn)]) + become(role)
}

/** The config file's own SQL: inside a block, which cannot end the transaction; with triggers and foreign keys at work. */
export const runHook = (plan: Plan, options: RunOptions, text: string): string => {
  const { role } = plan.options
  const asConnected = role === null ? '' : 'set local role none;\n'
  const path = setConfig('search_path', "pg_catalog.current_setting('rowgraft.search_path')")
  return [
    asConnected,
    block([], triggersOn),
    become(role),
    block([], [path, execute(text)]),
    asConnected,
    pin(plan, options),
  ].join('')
}

const raise = (message: string, hint: string): string =>
  `    raise exception using message = ${quote(message)}, hint = ${quote(hint)};`

/** Raises unless this is the database the plan was made for. Not every role may ask for the system identifier. */
export const checkDatabase = ({ database, oid, system }: DatabaseIdentity): string => {
  const refuse = raise(
    `this script was made for database "${database}" of another server or another time`,
    'Connect to the database it was made for, or make the plan and the script again.',
  )
  const here = '(select d.oid::text from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())'
  return block(
    ['system text'],
    [
      `  if pg_catalog.current_database() <> ${quote(database)} or ${here} <> ${quote(oid)} then`,
      refuse,
      '  end if;',
      ...(system === ''
        ? []
        : [
            "  if pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') then",
            "    execute 'select system_identifier::text from pg_catalog.pg_control_system()' into system;",
            `    if system <> ${quote(system)} then`,
            refuse.replace(/^/, '  '),
            '    end if;',
            '  end if;',
          ]),
    ],
  )
}

/** Raises when a run, or another script, is under way in the database. */
export const takeLock = block(
  [],
  [
    `  if not pg_catalog.pg_try_advisory_xact_lock(${compileLiteral(lockKey)}) then`,
    raise('another restore is running on this database', 'Wait until it is done, then run the script again.'),
    '  end if;',
  ],
)

/** Raises where live does not say that the transaction is committed: a pooler may answer COMMIT with something else. */
const checkCommitted = block(
  ["xid text := pg_catalog.current_setting('rowgraft.xid')", 'status text := pg_catalog.pg_xact_status(xid::xid8)'],
  [
    "  if status is distinct from 'committed' then",
    "    raise exception using message = pg_catalog.format('live does not hold it: transaction %s is %s', xid, status),",
    `      hint = ${quote('Run the script again.')};`,
    '  end if;',
  ],
)

/** The last words. */
export const endScript = `
${comment(['Everything is done and verified. It stays only if psql was called with -v commit=1'])}\
\\if :{?commit}
\\else
  \\set commit 0
\\endif
\\if :commit
  select pg_catalog.pg_current_xact_id() as rowgraft_xid \\gset
  \\set ask '''' :rowgraft_xid ''')'
  \\echo 'COMMIT of transaction' :rowgraft_xid 'follows. If it is not answered, ask: select pg_xact_status(xid8' :ask
  commit;
  begin read only;
  select pg_catalog.set_config('rowgraft.xid', :'rowgraft_xid', true) as rowgraft_xid \\gset
  ${checkCommitted.trim()}
  rollback;
  \\echo 'Committed.'
\\else
  rollback;
  \\echo 'Rolled back: nothing has changed. Run it with -v commit=1 to keep it.'
\\endif
`
