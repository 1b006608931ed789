import type { Verdict } from '../../src/database/commit.ts'
import type { WriteOptions } from '../../src/database/transaction.ts'

/** Options of a write transaction of which live would say this, if it were asked. */
export const askedOptions = (outcome: Verdict['outcome']): WriteOptions => ({
  timeouts: { statement: 20_000, lock: 20_000, idle: 20_000 },
  patience: 20_000,
  judge: async () => ({ outcome, evidence: `it is ${outcome}` }),
})

/** Options of a write transaction whose COMMIT is answered. */
export const writeOptions = askedOptions('unknown')
