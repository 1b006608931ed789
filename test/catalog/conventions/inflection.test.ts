import { expect, test } from 'vitest'
import { pluralise, tablesOfClass } from '../../../src/catalog/conventions/inflection.ts'

test.each([
  ['photo', 'photos'],
  ['gallery', 'galleries'],
  ['day', 'days'],
  ['person', 'people'],
  ['salesperson', 'salespeople'],
  ['child', 'children'],
  ['woman', 'women'],
  ['human', 'humans'],
  ['box', 'boxes'],
  ['address', 'addresses'],
  ['status', 'statuses'],
  ['bus', 'buses'],
  ['analysis', 'analyses'],
  ['medium', 'media'],
  ['news', 'news'],
  ['knife', 'knives'],
  ['shelf', 'shelves'],
  ['index', 'indices'],
  ['quiz', 'quizzes'],
  ['tomato', 'tomatoes'],
  ['photos', 'photos'],
  ['blog_category', 'blog_categories'],
])('of one %s there are several %s', (one, several) => {
  expect(pluralise(one)).toBe(several)
})

test.each([
  ['Photo', ['photos', 'photo']],
  ['BlogPost', ['blog_posts', 'blog_post']],
  ['HTMLPage', ['html_pages', 'html_page']],
  ['Admin::User', ['admin_users', 'users', 'admin_user', 'user']],
  ['photo', []],
  ['image/png', []],
  ['', []],
])('a class %j may have the tables %j', (name, tables) => {
  expect(tablesOfClass(name)).toEqual(tables)
})
