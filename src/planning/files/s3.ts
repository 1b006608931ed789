/** Objects of an S3 bucket. The client is loaded when a config file names a bucket, and is the user's to install. */
import type { HeadBucketCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { RowgraftError } from '../../errors.ts'
import type { CheckFile, FileState } from './check-file.ts'

type Sdk = typeof import('@aws-sdk/client-s3')

const loadSdk = (column: string): Promise<Sdk> =>
  import('@aws-sdk/client-s3').catch((cause: unknown) => {
    throw new RowgraftError('usage', `the files of "${column}" are in a bucket, and no client for S3 is installed`, {
      hint: 'Install it beside rowgraft: npm install @aws-sdk/client-s3. Or look for them at an https { url }.',
      cause,
    })
  })

/** What the service answered: the HTTP status, or null where it did not. */
const statusOf = (error: unknown): number | null => {
  const { $metadata: answer } = error as { readonly $metadata?: HeadBucketCommandOutput['$metadata'] }
  return answer?.httpStatusCode ?? null
}

const stateOf = (request: Promise<unknown>): Promise<FileState> =>
  request.then(
    () => 'there',
    (error: unknown) => (statusOf(error) === 404 ? 'missing' : 'unknown'),
  )

/**
 * Looks below `s3://bucket/prefix`. Region, credentials and endpoint (MinIO and its like) come from where the AWS tools take them:
 * AWS_* variables, ~/.aws, the machine's role. Throws `usage` for a bucket that does not exist.
 */
export const checkInBucket = async (
  url: string,
  column: string,
  { patience, signal }: { readonly patience: number; readonly signal: AbortSignal | undefined },
): Promise<CheckFile> => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/i.exec(url) ?? []
  const { HeadBucketCommand, HeadObjectCommand, S3Client: Client } = await loadSdk(column)
  const hasEndpoint = [process.env.AWS_ENDPOINT_URL_S3, process.env.AWS_ENDPOINT_URL].some((given) => given)
  const client: S3Client = new Client({
    maxAttempts: 2,
    // Servers other than Amazon's have one name for all their buckets.
    forcePathStyle: hasEndpoint,
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: patience, requestTimeout: patience },
  })
  const limit = signal === undefined ? {} : { abortSignal: signal }
  // HEAD of an object says 404 for a bucket that is not there, too: every file would be called missing.
  const found = await client.send(new HeadBucketCommand({ Bucket: bucket }), limit).then(
    () => 200,
    (error: unknown) => statusOf(error),
  )
  if (found === 404) {
    throw new RowgraftError('usage', `the files of "${column}" are in the bucket "${bucket}", which does not exist`, {
      hint: 'Mend "files" in the config file: { url: \'s3://<bucket>/<prefix>\' }.',
    })
  }
  // Nobody answers, or nobody vouches for us: asking for every file would not tell more. A bucket that may not be listed answers 403.
  if (found === null) return async () => 'unknown'
  return (name) => {
    const key = [prefix, name.replace(/^\//, '')].filter((part) => part !== '').join('/')
    return stateOf(client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), limit))
  }
}
