import { describe } from 'vitest'
import { tellStories } from '../support/told-stories.ts'

describe('stories of restores that ask or refuse', () => tellStories('a question'))
