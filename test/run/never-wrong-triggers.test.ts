/** As never-wrong-rows, on tables whose triggers count, log and touch rows while they come back. */
import { test } from 'vitest'
import { hunt } from '../support/never-wrong/hunt.ts'

const count = Number(process.env.ROWGRAFT_CASES ?? 75)
// The same cases wherever it runs: any seed will do, and more of them find more.
const seed = Number(process.env.ROWGRAFT_SEED ?? 1)

test(
  `no row comes back wrong where triggers write, in ${count} cases from seed ${seed}`,
  {
    timeout: 300_000 + 10_000 * count,
  },
  () => hunt({ seed, count, hasTriggers: true }),
)
