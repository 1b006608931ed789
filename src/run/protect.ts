/** A live that is protected: nobody writes to it who has not named it. */
import { shellWord } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import type { RunOptions } from './run.ts'

/** True: live's name must be given; `refuse`: nothing is ever written to it. */
export type Protection = boolean | 'refuse'

/** Throws `protected` unless the run may write to this database. A rehearsal, which writes nothing, may always. */
export const refuseProtected = (
  protection: Protection,
  database: string,
  { rehearse, confirm }: Pick<RunOptions, 'rehearse' | 'confirm'>,
): void => {
  if (confirm !== null && confirm !== database) {
    throw new RowgraftError('protected', `live is "${database}", not "${confirm}"; live is unchanged`, {
      hint: 'Check --live and --profile, then confirm with the name of the database.',
    })
  }
  if (rehearse || protection === false) return
  if (protection === 'refuse') {
    throw new RowgraftError('protected', `live "${database}" is protected: nothing is ever written to it`, {
      detail: "The config file says protect: 'refuse'.",
      hint: 'Use --rehearse to try it without writing, or restore into another database.',
    })
  }
  if (confirm !== null) return
  throw new RowgraftError('protected', `live "${database}" is protected: it must be confirmed by its name`, {
    hint: `Read the plan, then run the same command again with --confirm ${shellWord(database)}.`,
  })
}
