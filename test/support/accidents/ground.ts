/** A shop: customers of regions, their lines, and what hangs on these. The lines are what is lost. */
import type { Dice } from './dice.ts'

/** A column of the lines, or of a row above them, and how it is filled: an expression over the number `n` of a row. */
export interface Filled {
  readonly name: string
  readonly type: string
  readonly value: string
  /** Its values can be compared in an order that people know. */
  readonly isOrdered: boolean
}

export interface Shop {
  readonly schema: string
  readonly rows: string
  /** The table of the lines, as SQL names it. */
  readonly line: string
  /** The columns of its key, as SQL names them. */
  readonly key: readonly string[]
  readonly columns: readonly Filled[]
  readonly customer: readonly Filled[]
  readonly region: readonly Filled[]
  /** The reference to the customer. */
  readonly customerId: string
}

const fill = (dice: Dice, name: string): Filled => {
  const values = dice.between(2, 12)
  const spread = `(n * ${dice.between(3, 97)} + n / ${dice.between(2, 9)}) % ${values}`
  const kinds: readonly Omit<Filled, 'name'>[] = [
    { type: 'int', value: spread, isOrdered: true },
    { type: 'numeric(8,2)', value: `(${spread}) * 1.25`, isOrdered: true },
    { type: 'real', value: `(${spread}) * 0.1`, isOrdered: true },
    { type: 'double precision', value: `(${spread}) / 3.0`, isOrdered: true },
    { type: 'text', value: `'it''s ' || (${spread})`, isOrdered: false },
    { type: 'varchar(20)', value: `chr(65 + (${spread})::int)`, isOrdered: true },
    { type: 'date', value: `date '2024-01-01' + (${spread})::int`, isOrdered: true },
    { type: 'timestamptz', value: `timestamptz '2024-01-01 00:00+00' + n * interval '37 min'`, isOrdered: true },
    { type: 'boolean', value: `(${spread}) < ${Math.ceil(values / 3)}`, isOrdered: false },
    { type: 'uuid', value: `md5('u' || (${spread}))::uuid`, isOrdered: false },
  ]
  const own = dice.pick(kinds)
  const isOpen = dice.isIn(0.25)
  return { name, ...own, value: isOpen ? `case when n % ${dice.between(3, 9)} > 0 then ${own.value} end` : own.value }
}

const names = ['kind', 'price', '"Odd name"', 'made_on', '"order"', 'state', 'weight', '"when"']

interface KeyKind {
  readonly columns: readonly Filled[]
  readonly references: (n: string) => readonly string[]
}

const keyKinds: readonly KeyKind[] = [
  { columns: [{ name: 'id', type: 'int', value: 'n', isOrdered: true }], references: (n) => [n] },
  {
    columns: [{ name: '"Id"', type: 'uuid', value: `md5('line' || n)::uuid`, isOrdered: false }],
    references: (n) => [`md5('line' || ${n})::uuid`],
  },
  {
    columns: [{ name: 'code', type: 'text', value: `'L' || n`, isOrdered: false }],
    references: (n) => [`'L' || ${n}`],
  },
  {
    columns: [
      { name: 'bill', type: 'int', value: '1 + n / 5', isOrdered: true },
      { name: 'pos', type: 'int', value: 'n % 5', isOrdered: true },
    ],
    references: (n) => [`1 + ${n} / 5`, `${n} % 5`],
  },
]

const define = ({ name, type }: Filled): string => `${name} ${type}`

export const makeShop = (dice: Dice): Shop => {
  const line = dice.pick(['line', '"Line item"', 'sales.line'])
  const kind = dice.pick(keyKinds)
  const own = dice.some(names, dice.between(3, 5)).map((name) => fill(dice, name))
  const customer = [fill(dice, 'grade'), fill(dice, '"Since"')]
  const region = [fill(dice, 'zone')]
  const columns = dice.isIn(0.5) ? [...own, stamp] : own
  const key = kind.columns.map(({ name }) => name)
  const customerId = dice.pick(['customer_id', '"customerId"'])
  const isParted = dice.isIn(0.15)
  const [customers, lines] = [dice.between(5, 20), dice.between(40, 300)]
  const refers = (prefix: string): string => key.map((_, place) => `${prefix}${place}`).join(', ')
  const referTypes = (prefix: string): string =>
    kind.columns.map(({ type }, place) => `${prefix}${place} ${type}`).join(', ')
  const schema = `
    create schema sales;
    create table region (id int primary key, ${region.map(define).join(', ')});
    create table customer (id int primary key, region_id int references region, name text, ${customer.map(define).join(', ')});
    create table ${line} (${[...kind.columns, ...columns].map(define).join(', ')}, ${customerId} int references customer,
      primary key (${key.join(', ')})) ${isParted ? `partition by hash (${key.join(', ')})` : ''};
    ${isParted ? [0, 1].map((part) => `create table part_${part} partition of ${line} for values with (modulus 2, remainder ${part});`).join('\n') : ''}
    create table note (id int primary key, ${referTypes('at')}, body text, foreign key (${refers('at')}) references ${line} on delete cascade);
    create table hint (id int primary key, ${referTypes('on')}, foreign key (${refers('on')}) references ${line} on delete set null);
    create table tag (id int primary key, name text);
    create table line_tag (${referTypes('of')}, tag_id int references tag on delete cascade,
      foreign key (${refers('of')}) references ${line} on delete cascade, primary key (${refers('of')}, tag_id));`
  const values = (filled: readonly Filled[]): string => filled.map(({ value }) => value).join(', ')
  const someLine = (step: number): string => kind.references(`((n * ${step}) % ${lines} + 1)`).join(', ')
  const rows = `
    insert into region select n, ${values(region)} from generate_series(1, 4) n;
    insert into customer select n, 1 + n % 4, 'Customer ' || n, ${values(customer)} from generate_series(1, ${customers}) n;
    insert into ${line} select ${values([...kind.columns, ...columns])}, 1 + (n * 7) % ${customers} from generate_series(1, ${lines}) n;
    insert into note select n, ${someLine(3)}, 'note ' || n from generate_series(1, 60) n;
    insert into hint select n, ${someLine(5)} from generate_series(1, 30) n;
    insert into tag select n, 'tag ' || n from generate_series(1, 5) n;
    insert into line_tag select ${someLine(11)}, 1 + n % 5 from generate_series(1, 80) n on conflict do nothing;`
  return { schema, rows, line, key, columns: [...kind.columns, ...columns], customer, region, customerId }
}

const stamp: Filled = {
  name: 'created_at',
  type: 'timestamptz',
  value: `timestamptz '2024-03-01 00:00+00' + n * interval '11 min'`,
  isOrdered: true,
}
