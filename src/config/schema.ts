/** Checks what a config file exports. Pure. */
import * as v from 'valibot'
import { isServerText } from '../documents/server-text.ts'
import { record as anyRecord, type Shape } from '../documents/shape.ts'
import { RowgraftError } from '../errors.ts'
import type { Config, Transform } from './config.ts'

const text = v.pipe(
  v.string('is not a text'),
  v.nonEmpty('is empty'),
  v.check((value) => isServerText(value), 'has a NUL, or half of a surrogate pair, in it'),
)
const texts = v.array(text, 'is not a list of texts')
// An array is an object to valibot.
const plain = v.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'is not an object',
)
// Not valibot's, which passes over names that objects have from birth: a column may be called "constructor".
const record = <T extends v.GenericSchema>(value: T) =>
  v.pipe(
    anyRecord(value as unknown as Shape<v.InferOutput<T>>),
    v.check((given) => !Object.hasOwn(given, ''), 'has an empty name'),
  )
const object = <T extends v.ObjectEntries>(entries: T) => v.pipe(plain, v.strictObject(entries))
const sql = v.union([text, texts], 'is neither a text nor a list of texts')

const defaults = {
  protect: v.optional(v.union([v.boolean(), v.literal('refuse')], "is not true, false or 'refuse'")),
  role: v.optional(text),
  settings: v.optional(record(text)),
}

const entries = {
  ...defaults,
  profiles: v.optional(record(object({ ...defaults, live: v.optional(text), backup: v.optional(text) }))),
  softDelete: v.optional(record(text)),
  identities: v.optional(record(texts)),
  junctions: v.optional(texts),
  exclude: v.optional(texts),
  relations: v.optional(
    v.array(
      object({
        from: text,
        columns: texts,
        to: text,
        toColumns: v.optional(texts),
        where: v.optional(text),
        onDelete: v.optional(
          v.picklist(['cascade', 'restrict', 'set null'], 'is not one of cascade, restrict and set null'),
        ),
      }),
      'is not a list',
    ),
  ),
  polymorphic: v.optional(
    v.array(object({ from: text, typeColumn: text, idColumn: text, types: record(text) }), 'is not a list'),
  ),
  schemas: v.optional(record(text)),
  tables: v.optional(record(text)),
  columns: v.optional(record(record(text))),
  never: v.optional(record(text)),
  transforms: v.optional(record(v.custom<Transform>((value) => typeof value === 'function', 'is not a function'))),
  hooks: v.optional(object({ before: v.optional(sql), after: v.optional(sql), committed: v.optional(sql) })),
  files: v.optional(
    record(v.union([object({ folder: text }), object({ url: text })], 'is neither { folder } nor { url }')),
  ),
} satisfies Record<keyof Config, v.GenericSchema>

const schema = object(entries)

/** Says what is wrong with which key. */
const describe = (issue: v.BaseIssue<unknown>): string => {
  const path = v.getDotPath(issue)
  if (path === null) return 'exports no object'
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never'
  return isUnknown ? `has an unknown key "${path}"` : `has a "${path}" that ${issue.message}`
}

/** Checks what a config file exports. Throws `bad-file` naming the key. */
export const checkConfig = (value: unknown, path: string): Config => {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true })
  // Optional keys that are absent are absent in what the schema gives, too.
  if (success) return output as Config
  throw new RowgraftError('bad-file', `the config file "${path}" ${describe(issues[0])}`, {
    hint: `It ends with "export default defineConfig({ ... })"; the keys are ${Object.keys(entries).join(', ')}.`,
  })
}
