// Starts Keyfob, gets tokens from it, and shows them and their counterfeits to each library.
//
// Usage: node run.js KEYFOBD VECTORS POSTGRES_URL PYTHON [LIBRARY...], in a folder where the packages are
// installed. `cargo xtask interop` does all of that, and ends whatever this leaves behind.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { makeCases } from './cases.js'
import { checkDoor } from './door.js'
import { SERVERS, startKeyfob } from './keyfob.js'
import { linesOf } from './process.js'
import { Report } from './report.js'
import { versions } from './versions.js'

const LIBRARIES = {
  jose: ['node', 'check-jose.js'],
  oauth4webapi: ['node', 'check-oauth4webapi.js'],
  PyJWT: ['python', 'check_pyjwt.py'],
  Authlib: ['python', 'check_authlib.py'],
  PostgREST: ['node', 'check-postgrest.js'],
}

const [keyfobd, vectors, postgres, python, ...only] = process.argv.slice(2)
const read = (name) => JSON.parse(readFileSync(join(vectors, name), 'utf8'))

const keyfob = await startKeyfob(keyfobd)
const door = await checkDoor(keyfob)
const failed = door.steps.find(({ wrong }) => wrong)
if (Object.keys(door.tokens).length < SERVERS.length) throw new Error(`${failed.name}: ${failed.wrong}`)
const made = await makeCases(keyfob, door.tokens)
const work = [
  { set: 'cases', jwks: made.jwks, cases: made.cases },
  { set: 'vectors', jwks: read('jwks.json'), cases: [...read('accepted.json'), ...read('refused.json')] },
]
writeFileSync('work.json', JSON.stringify(work))
writeFileSync('jwks.json', JSON.stringify(made.jwks))

const report = new Report(work, JSON.parse(readFileSync('differences.json', 'utf8')))
report.door(door.steps)
console.log(await versions(python, postgres))
for (const [library, [language, file]] of Object.entries(LIBRARIES)) {
  if (only.length > 0 && !only.includes(library)) continue
  const program = language === 'node' ? process.execPath : python
  const environment = { ...process.env, INTEROP_ISSUER: keyfob.url, INTEROP_POSTGRES: postgres }
  const answers = await linesOf(program, [file, 'work.json'], environment)
  report.library(library, answers.map((line) => JSON.parse(line)))
}
await keyfob.stop()
process.exitCode = report.print() ? 0 : 1
