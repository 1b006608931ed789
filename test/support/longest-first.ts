/** Test files in an order that keeps every core busy to the end: stories, random cases and dumps take longest, and go first. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const isLong = ({ moduleId }: TestSpecification): boolean =>
  /[\\/]test[\\/](scenarios[\\/]|review[\\/]script[\\/]stories|run[\\/](never-wrong|commit-)|mutations|open[\\/]sources[\\/])/.test(
    moduleId,
  )

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
