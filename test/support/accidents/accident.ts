/** One statement that should not have been run, and ordinary work since. */
import type { Dice } from './dice.ts'
import type { Filled, Shop } from './ground.ts'

/** Reads rows of the backup, every value as text. */
export type Read = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Whom to ask, and what to roll. */
interface Asking {
  readonly read: Read
  readonly dice: Dice
}

/** A condition on one column, of values that the table has. */
const makeTest = async ({ read, dice }: Asking, from: string, { name, type, isOrdered }: Filled): Promise<string> => {
  const found = await read(`select ${name}::text from ${from} group by ${name} order by ${name}`)
  const values = found.flatMap(([value = null]) => (value === null ? [] : [value]))
  const write = (value: string): string => `${quote(value)}::${type}`
  const some = (count: number): string => dice.some(values, count).map(write).join(', ')
  if (values.length === 0 || (values.length < found.length && dice.isIn(0.2))) return `${name} is null`
  if (!isOrdered || dice.isIn(0.4)) {
    return dice.pick([() => `${name} = ${some(1)}`, () => `${name} in (${some(dice.between(2, 4))})`])()
  }
  const [low, high] = [dice.upTo(values.length - 1), dice.upTo(values.length - 1)].sort((a, b) => a - b)
  const [first, last] = [values[low ?? 0] ?? '', values[high ?? 0] ?? '']
  return dice.pick([
    () => `${name} >= ${write(last)}`,
    () => `${name} < ${write(last)}`,
    () => `${name} between ${write(first)} and ${write(last)}`,
  ])()
}

/** The condition of a DELETE of lines. */
export const makeCondition = async (read: Read, dice: Dice, shop: Shop): Promise<string> => {
  const { line, columns, customer, region, customerId } = shop
  const own = (): Promise<string> => makeTest({ read, dice }, line, dice.pick(columns))
  const ofCustomer = async (): Promise<string> => {
    const test = await makeTest({ read, dice }, 'customer', dice.pick(customer))
    return dice.isIn(0.5)
      ? `${customerId} in (select id from customer where ${test})`
      : `exists (select from customer c where c.id = ${customerId} and (select ${test} from (select c.*) customer))`
  }
  const ofRegion = async (): Promise<string> =>
    `${customerId} in (select id from customer where region_id in (select id from region where ${await makeTest({ read, dice }, 'region', dice.pick(region))}))`
  const byCustomer = (): Promise<string> =>
    makeTest({ read, dice }, line, { name: customerId, type: 'int', value: '', isOrdered: true })
  const forms: readonly (readonly [share: number, make: () => Promise<string>])[] = [
    [0.4, own],
    [0.12, byCustomer],
    [0.14, ofCustomer],
    [0.06, ofRegion],
    [0.1, async () => `${await own()} and ${await byCustomer()}`],
    [0.12, async () => `${await own()} and ${await own()}`],
    [0.06, async () => 'true'],
  ]
  let left = dice.roll()
  for (const [share, make] of forms) {
    left -= share
    if (left < 0) return make()
  }
  return own()
}

/** A line by the number that it was filled with. */
export interface Numbered {
  readonly n: number
  /** Packed. */
  readonly key: string
}

export interface Work {
  readonly statements: readonly string[]
  /** Lost lines that are made again, by key. */
  readonly again: readonly string[]
}

/** What went on afterwards: rows that are new, that change, and some of the lost ones that are made again. */
export const makeWork = (dice: Dice, shop: Shop, lost: readonly Numbered[]): Work => {
  const { line, columns, key, customerId } = shop
  const names = [...columns.map(({ name }) => name), customerId].join(', ')
  const values = [...columns.map(({ value }) => value), '1 + n % 5'].join(', ')
  const insert = (which: string): string =>
    `insert into ${line} (${names}) select ${values} from ${which} on conflict do nothing`
  const changing = columns.filter(({ name }) => !key.includes(name) && name !== 'created_at')
  const made = lost.length < 8 ? [] : dice.some(lost, dice.upTo(2))
  const same = [
    ...columns.map(({ value }) => value),
    `1 + (n * 7) % (select count(*)::int from customer where id <= 100)`,
  ]
  const statements = [
    ...(dice.isIn(0.6) ? [insert(`generate_series(1001, ${1001 + dice.upTo(20)}) n`)] : []),
    ...(dice.isIn(0.4) ? [`insert into customer (id, name) values (1001, 'New'), (1002, 'Newer')`] : []),
    ...(dice.isIn(0.4) && changing.length > 0
      ? dice.some(changing, 1).map(({ name, value }) => {
          const n = dice.between(1, 40)
          return `update ${line} set ${name} = (select ${value} from (select ${n} as n) as other)
            where (${key.join(', ')}) in (select ${key.join(', ')} from ${line} order by ${key.join(', ')} limit ${dice.between(1, 5)})`
        })
      : []),
    ...made.map(({ n }) => `insert into ${line} (${names}) select ${same.join(', ')} from (select ${n} as n) as again`),
  ]
  return { statements, again: made.map((own) => own.key) }
}
