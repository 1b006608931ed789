/** Random schemas with cycles and emptied references: a run that nobody touched can always be taken back. */
import { expect, test } from 'vitest'
import { withAttempts } from '../../support/attempts.ts'
import { dumpRows } from '../../support/queries.ts'
import { makeCase } from '../../support/untouched/schema.ts'

const count = Number(process.env.ROWGRAFT_CASES ?? 30)
const seed = Number(process.env.ROWGRAFT_SEED ?? 1)

interface Played {
  readonly runs: number
  /** Restores that were refused: nothing is to be undone. */
  readonly refused: number
  readonly faults: readonly string[]
}

/** Restores what is missing, in two ways, and takes it back at once. */
const play = async (own: number): Promise<Played> => {
  const { schema, backup, live, isTorn } = makeCase(own)
  return withAttempts({ schema, backup, live }, async (attempts) => {
    const before = await dumpRows(attempts.live)
    const played = { runs: 0, refused: 0, faults: [] as string[] }
    for (const relink of ['evidence', 'all']) {
      const restored = await attempts.rowgraft(['restore', '--all-missing', '--relink', relink, '--yes'])
      if (![0, 7].includes(restored.exit)) played.refused++
      if (!restored.stdout.includes('rowgraft undo')) continue
      played.runs++
      const first = await attempts.rowgraft(['undo', '--yes'])
      const isLeft = isTorn && first.exit === 4 && first.stderr.includes('since before the run')
      const undone = isLeft ? await attempts.rowgraft(['undo', '--yes', '--triggers', 'off']) : first
      const after = await dumpRows(attempts.live)
      if (undone.exit === 0 && JSON.stringify(after) === JSON.stringify(before)) continue
      const told =
        undone.exit === 0
          ? `live differs\n${before.filter((row) => !after.includes(row)).join('\n')}`
          : undone.stdout + undone.stderr
      played.faults.push(
        `ROWGRAFT_SEED=${own} ROWGRAFT_CASES=1, --relink ${relink}: exit ${undone.exit}\n${told}\n${schema}\n${backup}\n${live}`,
      )
      break
    }
    return played
  })
}

test(`an untouched run is undone, in ${count} cases from seed ${seed}`, {
  timeout: 60_000 + 10_000 * count,
}, async () => {
  const tally = { runs: 0, refused: 0 }
  const faults: string[] = []
  for (let at = 0; at < count; at++) {
    const played = await play(seed + at)
    tally.runs += played.runs
    tally.refused += played.refused
    faults.push(...played.faults)
  }
  console.log(
    `ROWGRAFT_SEED=${seed} ROWGRAFT_CASES=${count}: ${tally.runs} runs undone, ${tally.refused} restores refused`,
  )
  expect(faults.length, faults.join('\n\n')).toBe(0)
})
