// The S3 server of tests, in a process of its own: it makes the mark of where a listing goes on with a cipher that Node has behind a flag only.
import S3rver from 's3rver'

const [directory, bucket] = process.argv.slice(2)
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: directory!,
  configureBuckets: [{ name: bucket!, configs: [] }],
})
const { port } = await server.run()
process.stdout.write(`${port}\n`)
// Whoever started it is gone, however it ended.
process.stdin.resume().on('close', () => void server.close())
