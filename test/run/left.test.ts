/** What is left for people after a restore: keys that others remember, files, materialised views, what triggers did outside. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Report } from '../../src/index.ts'
import { type Attempts, refuse, withAttempts } from '../support/attempts.ts'
import { configure } from '../support/configs.ts'

const photos = {
  schema: `
    create table photo (id serial primary key, title text, path text);
    create table tag (photo integer not null references photo on delete cascade, "word, or words" text, primary key (photo, "word, or words"));
    create view titles as select id, title from photo;
    create materialized view "Titles" as select * from titles;
    create materialized view counted as select count(*) from "Titles";
    create materialized view other as select 1;
    create function tell() returns trigger language plpgsql as $$ begin perform pg_notify('a', 'b'); return null; end $$;
    create trigger tell after insert on photo for each row execute function tell();`,
  backup: `insert into photo (title, path) values ('cat', 'a/cat.jpg'), ('dog', 'dog & co.jpg'), ('eel', null), ('fox', '../fox.jpg');
    insert into tag values (1, 'x, "y"'), (2, 'z')`,
  live: `delete from photo; insert into photo (id, title) values (1, 'new')`,
}

const restore = ['restore', 'photo', '--all-missing', '--triggers', 'fire', '--keys', 'new', '--yes']

const reportOf = ({ stdout }: { readonly stdout: string }): Report => JSON.parse(stdout) as Report

describe('what is left after a restore', () => {
  test('is in plan, report and JSON; an undo names the views, too', async () => {
    await withAttempts(photos, async (attempts) => {
      const { rowgraft, journal } = attempts
      const argv = ['restore', 'photo', '2', '3', '--triggers', 'fire', '--keys', 'new']
      const planned = (await rowgraft(['plan', ...argv.slice(1)])).stdout.replace(/\s+/g, ' ')
      expect(planned).toContain('Refresh afterwards, in this order: "Titles", counted.')
      const { exit, stdout, stderr } = await rowgraft([...argv, '--yes'])
      expect(exit, stderr).toBe(0)
      const words = stdout.replace(/\s+/g, ' ')
      expect(words).toContain('Left for you')
      expect(words).toContain('Reached outside, which no undo takes back: photo.tell (NOTIFY).')
      const [run = ''] = /Run (\w{5})\./.exec(stdout)?.slice(1) ?? []
      const path = join(journal, run, 'keys.csv')
      expect(words).toContain(`Old and new keys: ${path}`)
      expect(await readFile(path, 'utf8')).toBe(
        'table,backup,live\npublic.photo,2,5\npublic.photo,3,6\npublic.tag,"2,z","5,z"\n',
      )
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      const report = JSON.parse(await readFile(join(journal, run, 'report.json'), 'utf8')) as Report
      expect(report.left).toEqual({
        keysFiles: [path],
        missingFiles: [],
        materialisedViews: ['public."Titles"', 'public.counted'],
        firedOutward: [{ table: 'public.photo', trigger: 'tell', how: 'NOTIFY' }],
        notFired: [],
      })
      const undone = await rowgraft(['undo', '--yes', '--triggers', 'fire'])
      expect(undone.stdout.replace(/\s+/g, ' ')).toContain('Refresh afterwards, in this order: "Titles", counted.')
    })
  })

  test('is what triggers would have done that did not fire', async () => {
    await withAttempts(photos, async ({ rowgraft }) => {
      const { stdout } = await rowgraft(['restore', 'photo', '2', '--bulk', '--yes', '--json'])
      expect(reportOf({ stdout }).left).toMatchObject({
        notFired: [{ table: 'public.photo', trigger: 'tell' }],
        firedOutward: [],
      })
    })
  })
})

describe('files that restored rows name', () => {
  const check = async (attempts: Attempts, store: object): Promise<Report['left']['missingFiles']> => {
    const config = await configure(attempts, { files: { 'photo.path': store } })
    return reportOf(await attempts.rowgraft([...restore, '--rehearse', '--json', ...config])).left.missingFiles
  }

  test('are looked for in a folder, and nowhere else', async () => {
    await withAttempts(photos, async (attempts) => {
      const folder = join(attempts.journal, 'media')
      await mkdir(join(folder, 'a'), { recursive: true })
      await writeFile(join(folder, 'a/cat.jpg'), '')
      await writeFile(join(attempts.journal, 'fox.jpg'), '')
      const missing = { table: 'public.photo', column: 'path', keys: ['2', '4'], unchecked: 0 }
      expect(await check(attempts, { folder })).toEqual([missing])
      const config = await configure(attempts, { files: { 'photo.path': { folder } } })
      const { stdout } = await attempts.rowgraft(['plan', 'photo', '2', '--triggers', 'fire', ...config])
      expect(stdout).toContain('1 file of photo.path does not exist: those of 2.')
      await writeFile(join(folder, 'dog & co.jpg'), '')
      expect(await check(attempts, { folder })).toEqual([{ ...missing, keys: ['4'] }])
    })
  })

  test('are asked for at a web server; what it does not tell is not called missing', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.statusCode = request.url === '/m/a/cat.jpg' ? 200 : request.url === '/m/dog%20%26%20co.jpg' ? 404 : 403
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      await withAttempts(photos, async (attempts) => {
        const url = `http://127.0.0.1:${port}/m/`
        expect(await check(attempts, { url })).toEqual([
          { table: 'public.photo', column: 'path', keys: ['2'], unchecked: 1 },
        ])
        expect(asked).toContain('HEAD /m/dog%20%26%20co.jpg')
      })
    } finally {
      server.close()
    }
  })

  describe('in a bucket', () => {
    const answers: Readonly<Record<string, number>> = {
      '/shop': 200,
      '/shop/m/a/cat.jpg': 200,
      '/shop/m/dog%20%26%20co.jpg': 404,
      '/shop/fox.jpg': 404,
    }

    const inBucket = async (url: string, work: (attempts: Attempts, config: readonly string[]) => Promise<void>) => {
      const server = createServer(({ url: asked = '' }, response) => {
        response.statusCode = answers[asked.replace(/\/?(\?.*)?$/, '')] ?? (asked.startsWith('/shop') ? 403 : 404)
        response.end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${port}`)
      vi.stubEnv('AWS_REGION', 'eu-central-1')
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'key')
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
      try {
        await withAttempts(photos, async (attempts) =>
          work(attempts, await configure(attempts, { files: { 'photo.path': { url } } })),
        )
      } finally {
        vi.unstubAllEnvs()
        server.close()
      }
    }

    test('are asked for one by one; what it does not tell is not called missing', async () => {
      await inBucket('s3://shop/m/', async ({ rowgraft }, config) => {
        const { left } = reportOf(await rowgraft([...restore, '--rehearse', '--json', ...config]))
        expect(left.missingFiles).toEqual([{ table: 'public.photo', column: 'path', keys: ['2'], unchecked: 1 }])
      })
    })

    test('that does not exist are not all called missing', async () => {
      await inBucket('s3://shpo', (attempts, config) =>
        refuse(attempts, [...restore, ...config], { exit: 2, says: ['the bucket "shpo", which does not exist'] }),
      )
    })

    test('that does not answer cannot be told of', async () => {
      await inBucket('s3://shop/m', async ({ rowgraft }, config) => {
        vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:1')
        const { left } = reportOf(await rowgraft([...restore, '--rehearse', '--json', ...config]))
        expect(left.missingFiles).toEqual([{ table: 'public.photo', column: 'path', keys: [], unchecked: 2 }])
      })
    })
  })

  test.each([
    [{ 'photo.nothing': { folder: '.' } }, 'names "photo.nothing", which is no column', 2],
    [{ 'photo.path': { url: 'ftp://bucket' } }, 'cannot be looked for at "ftp://bucket"', 2],
    [{ 'nothing.path': { folder: '.' } }, 'nothing', 2],
  ])('of %j are refused', async (files, says, exit) => {
    await withAttempts(photos, async (attempts) => {
      await refuse(attempts, [...restore, ...(await configure(attempts, { files }))], { exit, says: [says] })
    })
  })
})
