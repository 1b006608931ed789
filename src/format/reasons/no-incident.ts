/** Why missing rows are no incident, in words. */
import type { LeftOutRows } from '../../selection/incidents/no-incident.ts'
import { byId, type NameTable } from '../names.ts'
import { whyNever } from './never.ts'
import { wordRefusal } from './refusal.ts'

const lacking: Readonly<Record<Extract<LeftOutRows, { readonly kind: 'partial backup' }>['because'], string>> = {
  unlogged: 'unlogged in the backup',
  empty: 'empty in the backup',
  absent: 'not in the backup',
}

export const whyNoIncident = (rows: LeftOutRows, name: NameTable = byId): string => {
  switch (rows.kind) {
    case 'bookkeeping':
      return 'bookkeeping of a framework'
    case 'never':
      return whyNever
    case 'marked before':
      return 'marked as deleted in the backup already'
    case 'partition':
      return `partition ${name(rows.partition)} is gone from live as a whole`
    case 'retention': {
      const lost = rows.isMarked ? 'marked as deleted' : 'gone'
      return `everything with ${rows.condition} is ${lost}, and nothing after it: looks like retention`
    }
    case 'partial backup':
      return `${lacking[rows.because]}: absence there proves nothing`
    case 'not restorable':
      return wordRefusal(rows.refusal, name)
    case 'not looked at':
      return 'not looked at'
  }
}
