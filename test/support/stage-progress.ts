import type { StageProgress } from '../../src/index.ts'

/** Inserting, two fifths done. */
export const makeStageProgress = (parts: Partial<StageProgress> = {}): StageProgress => ({
  stage: 'insert',
  table: 'public.item',
  to: null,
  unit: 'rows',
  done: 1_204_000,
  total: 3_000_000,
  rate: 310_000,
  elapsed: 3_884,
  ...parts,
})
