/**
 * Every connection parameter libpq knows (PostgreSQL 18, 32.1.2) and what rowgraft does with it. One that would weaken or change
 * the connection if it were left out is refused, never ignored.
 */
import { RowgraftError } from '../../errors.ts'

/** Parameter names as in libpq, each with the text given for it. */
export type Settings = Readonly<Partial<Record<string, string>>>

interface Parameter {
  /** The environment variable that fills it when it is not given. */
  readonly env?: string
  /** `used`, `ignored` because it changes nothing here, or the only values that can be honoured. */
  readonly treatment: 'used' | 'ignored' | readonly string[]
}

const used = (env?: string): Parameter => (env === undefined ? { treatment: 'used' } : { env, treatment: 'used' })
const ignored: Parameter = { treatment: 'ignored' }
const only = (values: readonly string[], env?: string): Parameter =>
  env === undefined ? { treatment: values } : { env, treatment: values }

const parameters: ReadonlyMap<string, Parameter> = new Map([
  ['host', used('PGHOST')],
  ['hostaddr', used('PGHOSTADDR')],
  ['port', used('PGPORT')],
  ['dbname', used('PGDATABASE')],
  ['user', used('PGUSER')],
  ['password', used('PGPASSWORD')],
  ['passfile', used('PGPASSFILE')],
  ['connect_timeout', used('PGCONNECT_TIMEOUT')],
  ['options', used('PGOPTIONS')],
  ['channel_binding', used('PGCHANNELBINDING')],
  ['sslmode', used('PGSSLMODE')],
  ['sslnegotiation', used('PGSSLNEGOTIATION')],
  ['sslrootcert', used('PGSSLROOTCERT')],
  ['sslcert', used('PGSSLCERT')],
  ['sslkey', used('PGSSLKEY')],
  ['sslpassword', used()],
  ['sslcertmode', used('PGSSLCERTMODE')],
  ['sslcrl', used('PGSSLCRL')],
  ['sslsni', used('PGSSLSNI')],
  ['ssl_min_protocol_version', used('PGSSLMINPROTOCOLVERSION')],
  ['ssl_max_protocol_version', used('PGSSLMAXPROTOCOLVERSION')],
  ['service', used('PGSERVICE')],
  ['servicefile', ignored],
  ['application_name', ignored],
  ['fallback_application_name', ignored],
  ['client_encoding', ignored],
  ['keepalives', ignored],
  ['keepalives_idle', ignored],
  ['keepalives_interval', ignored],
  ['keepalives_count', ignored],
  ['tcp_user_timeout', ignored],
  ['sslcompression', ignored],
  ['krbsrvname', ignored],
  ['gsslib', ignored],
  ['gssdelegation', ignored],
  ['max_protocol_version', ignored],
  ['min_protocol_version', only(['3.0'], 'PGMINPROTOCOLVERSION')],
  ['target_session_attrs', only(['any', 'read-write', 'primary', 'prefer-standby'], 'PGTARGETSESSIONATTRS')],
  ['load_balance_hosts', only(['disable', 'random'], 'PGLOADBALANCEHOSTS')],
  ['gssencmode', only(['disable', 'prefer'], 'PGGSSENCMODE')],
  ['replication', only(['false', 'off', 'no', '0'])],
  ['require_auth', only([], 'PGREQUIREAUTH')],
  ['requirepeer', only([], 'PGREQUIREPEER')],
  ['sslcrldir', only([], 'PGSSLCRLDIR')],
  ['scram_client_key', only([])],
  ['scram_server_key', only([])],
  ['oauth_issuer', only([])],
  ['oauth_client_id', only([])],
  ['oauth_client_secret', only([])],
  ['oauth_scope', only([])],
])

/** True for a parameter that libpq knows. */
export const isParameter = (name: string): boolean => parameters.has(name)

const refuseUnsupported = (
  { name, value, origin }: { readonly name: string; readonly value: string; readonly origin: string },
  treatment: Parameter['treatment'],
): void => {
  if (typeof treatment === 'string' || value === '' || treatment.includes(value)) return
  throw new RowgraftError('bad-conninfo', `${origin} is not supported here`, {
    detail: treatment.length === 0 ? undefined : `supported values of ${name}: ${treatment.join(', ')}`,
    hint: `Leave out ${origin}; leaving it out changes how the server is checked or chosen, so decide knowingly.`,
  })
}

/** Fills what was not given from the PG* variables, as libpq does; an empty variable counts as unset. Refuses what cannot be honoured. */
export const fillFromEnvironment = (given: Settings, env: Readonly<Record<string, string | undefined>>): Settings => {
  const filled: Record<string, string> = {}
  for (const [name, { env: variable, treatment }] of parameters) {
    const own = given[name]
    const inherited = variable === undefined ? undefined : env[variable] || undefined
    const value = own ?? inherited
    if (value === undefined) continue
    const origin = own === undefined ? `the variable ${variable}` : `"${name}"`
    refuseUnsupported({ name, value, origin }, treatment)
    filled[name] = value
  }
  return filled
}
