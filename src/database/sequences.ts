/**
 * Sequences: raised, never lowered. Up to a million steps by `nextval`, which no concurrent session can undo; further by `setval`,
 * read again afterwards. `nextval` and `setval` are not transactional: a rollback leaves a gap and nothing else.
 */
import { sql } from 'kysely'
import { RowgraftError } from '../errors.ts'
import { displayTable, type QualifiedName } from './display.ts'
import type { Query } from './names.ts'
import type { SequenceBounds, Writer } from './session/reader.ts'

/** The sequence as the text `nextval` takes. */
export const sequenceText = (sequence: QualifiedName): string =>
  [sequence.schema, sequence.name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')

/** `nextval('"public"."photo_id_seq"')` */
export const nextValue = (sequence: QualifiedName): Query =>
  sql`pg_catalog.nextval(${sql.lit(sequenceText(sequence))}::pg_catalog.regclass)`

/** Up to here a sequence is walked, beyond it is set. */
export const stepLimit = 1_000_000n

/** As far as a sequence is walked that the role may not set: about 5 s. */
export const walkLimit = 20_000_000n

/** The value the sequence would hand out next. */
const readNext = async (writer: Writer, sequence: SequenceBounds): Promise<bigint> => {
  const [row] = await writer.rows(sql`
    select s.last_value::text, s.is_called::text
    from ${sql.id(sequence.schema, sequence.name)} as s`)
  const last = BigInt(row?.[0] ?? '0')
  return row?.[1] === 'true' ? last + BigInt(sequence.increment) : last
}

const tooFar = async (writer: Writer, sequence: SequenceBounds, distance: bigint): Promise<RowgraftError> => {
  const [row] = await writer.rows(sql`select pg_catalog.quote_ident(current_user)`)
  const name = displayTable(sequence)
  return new RowgraftError(
    'missing-privileges',
    `sequence "${name}" is ${distance} behind, and this role may not set it`,
    {
      detail: `grant update on sequence ${name} to ${row?.[0]};`,
      advice: 'Have this granted, or connect with a role that has it.',
    },
  )
}

/**
 * Makes sure that the next value lies beyond `target`. Returns true if it had to be raised. Throws `rolled-back` when the sequence was
 * lowered meanwhile, `missing-privileges` where it is too far away for a role that may not set it.
 */
export const raiseSequence = async (writer: Writer, sequence: SequenceBounds, target: string): Promise<boolean> => {
  const increment = BigInt(sequence.increment)
  const goal = BigInt(target)
  const isPast = (next: bigint): boolean => (increment > 0n ? next > goal : next < goal)
  const next = await readNext(writer, sequence)
  if (isPast(next)) return false
  const [low, high] = [BigInt(sequence.minimum), BigInt(sequence.maximum)]
  // A key beyond the sequence's own bounds will never be handed out by it.
  if (goal < low || goal > high) return false
  const steps = (goal - next) / increment + 1n
  const literal = sql.lit(sequenceText(sequence))
  if (steps > walkLimit && !sequence.canUpdate) throw await tooFar(writer, sequence, goal - next)
  if (steps <= stepLimit || !sequence.canUpdate) {
    await writer.rows(sql`
      select pg_catalog.count(pg_catalog.nextval(${literal}::pg_catalog.regclass))::text
      from pg_catalog.generate_series(1, ${String(steps)}::bigint)`)
  } else {
    // In its own steps: with an increment of 2, even values may belong to another server.
    const last = String(next + (steps - 1n) * increment)
    await writer.rows(sql`select pg_catalog.setval(${literal}::pg_catalog.regclass, ${last}::bigint)::text`)
  }
  if (goal !== high && goal !== low && !isPast(await readNext(writer, sequence))) {
    throw new RowgraftError('rolled-back', `sequence "${displayTable(sequence)}" was lowered while it was raised`, {
      hint: 'Run the same command again.',
    })
  }
  return true
}
