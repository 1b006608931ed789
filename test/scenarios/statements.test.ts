import { describe } from 'vitest'
import { tellStories } from '../support/told-stories.ts'

describe('stories of statements that somebody regrets', () => tellStories('a statement'))
