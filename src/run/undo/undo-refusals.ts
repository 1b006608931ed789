/** Why an undo is refused, all at once: rows that changed, or that others refer to by now. */
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'

/** Refusals of an undo, as they are come upon. */
export interface Refusals {
  readonly found: RowgraftError[]
  /** Runs what may refuse, and notes that it did; anything else is thrown. */
  readonly attempt: (work: () => Promise<void>) => Promise<void>
  /** A Writer whose checks are attempts. */
  readonly asking: (writer: Writer) => Writer
}

export const gatherRefusals = (): Refusals => {
  const found: RowgraftError[] = []
  const attempt: Refusals['attempt'] = async (work) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof RowgraftError) || error.code !== 'undo-refused') throw error
      found.push(error)
    }
  }
  const asking = (writer: Writer): Writer => ({ ...writer, check: (check) => attempt(() => writer.check(check)) })
  return { found, attempt, asking }
}

/** Throws what was found; several refusals as one, each with its rows. */
export const throwRefusals = ({ found }: Refusals): void => {
  const [first, ...others] = found
  if (first === undefined) return
  if (others.length === 0) throw first
  const said = found.flatMap(({ message, detail }) => [
    message,
    ...(detail?.split('\n') ?? []).map((line) => `  ${line}`),
  ])
  throw new RowgraftError('undo-refused', `${found.length} things stand in the way of this undo`, {
    detail: said.join('\n'),
    hint: [...new Set(found.flatMap(({ hint }) => hint ?? []))].join(' '),
  })
}
