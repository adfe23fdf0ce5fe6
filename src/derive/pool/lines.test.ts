import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialogueOf, readMessages } from '../pool-protocol.ts'

const subscribed = '{"id":1,"result":[[["mining.notify","6ca5566a"]],"10ab6070",4],"error":null}'
const authorized = '{"id":2,"result":true,"error":null}'
const difficulty = '{"id":null,"method":"mining.set_difficulty","params":[0.00003]}'
const notify =
  '{"id":null,"method":"mining.notify","params":["937449397","5decedab7dbbcc298fb821e3ab319b655f3530df1e88c9c5af2815302ed72924","8a444a137d288e920d75b3846d4e2446fb0458bc","9b906dbe17602c084a32594469777c7ff2bb1944",[],"0907bc3d","1d00ffff","83c5cbd9",true]}'
const all = [subscribed, authorized, difficulty, notify]

const payloads = {
  'lines of JSON': { text: all.join('\n') },
  'lines of base64': { text: all.map((line) => btoa(line)).join('\n') },
  'lines of base64, as octets, with an end of line': {
    base64: Buffer.from(`${all.map((line) => btoa(line)).join('\r\n')}\r\n`).toString('base64'),
  },
  'lines of hex': { text: all.map((line) => Buffer.from(line).toString('hex')).join('\n') },
}
for (const [name, payload] of Object.entries(payloads))
  test(`a chunk of ${name} holds the job beside the rest`, () => {
    const roles = readMessages(payload).flatMap(({ message }) => (message === null ? [] : [message.role]))
    assert.ok(roles.includes('job'), roles.join(' '))
    assert.ok(roles.length >= 2, roles.join(' '))
  })

test('a share over HTTP after jobs in one chunk is a dialogue with both', () => {
  const sent = [
    '{"id":1,"method":"mining.subscribe","params":["web/1.5.9"]}',
    '{"id":2,"method":"mining.authorize","params":["15cE2roTb3XK25LJYwVDsb1Mqc2GHHxVCM.site","x"]}',
    '{"id":3,"method":"mining.submit","params":["15cE2roTb3XK25LJYwVDsb1Mqc2GHHxVCM.site","937449397","00000000","83c5cbd9","ff0f0000"]}',
  ].map((text, at) => ({ direction: 'sent' as const, atMs: at * 1_000, place: `frame ${at}`, ...readMessages({ text: btoa(text) })[0]! }))
  const received = readMessages(payloads['lines of base64']).map((reading) => ({
    direction: 'received' as const,
    atMs: 1_500,
    place: 'frame 0',
    ...reading,
  }))
  const dialogue = dialogueOf([...sent, ...received].toSorted((a, b) => a.atMs - b.atMs))
  assert.equal(dialogue?.roles.submit?.count, 1)
  assert.ok((dialogue?.roles.job?.count ?? 0) >= 1)
})

const whole = {
  'one message': { text: notify },
  'a message over many lines': { text: JSON.stringify(JSON.parse(notify), null, 2) },
  'an article that quotes a login in a line': {
    text: `How it worked\n\nThe client sent\n{"type":"chat","text":"mining.subscribe"}\nand waited.`,
  },
  nothing: { text: '' },
  'many empty lines': { text: '\n'.repeat(1_000) },
  'more lines than one reads': { text: `${notify}\n`.repeat(100) },
}
for (const [name, payload] of Object.entries(whole))
  test(`${name} is read as a whole`, () => {
    assert.equal(readMessages(payload).length, 1)
  })

test('a greeting with an account and then a share are a dialogue, also where the jobs between them were lost', () => {
  const read = (text: string, atMs: number) => ({
    direction: 'sent' as const,
    atMs,
    place: `req-${atMs} request`,
    ...readMessages({ text })[0]!,
  })
  const greeting = read('{"command":"auth","key":"SK_jL4LqyoHkSqTMrhtESt14q","version":2}', 1)
  const share = read(`{"command":"submit","job_id":"635003546","nonce":"00000000","result":"${'c9e95f48'.repeat(8)}"}`, 2)
  const dialogue = dialogueOf([greeting, share])
  assert.deepEqual([dialogue?.strength, dialogue?.accounts], ['named', ['SK_jL4LqyoHkSqTMrhtESt14q']])
  // Nobody is paid for what was said after the work, and a greeting alone is anybody's.
  assert.equal(dialogueOf([share, { ...greeting, atMs: 3 }])?.strength, 'one-sided')
  assert.equal(dialogueOf([greeting]), null)
})
