// What the programs in JavaScript have in common: read the work, ask about each token, write a line for each.

import { readFileSync } from 'node:fs'

/** Writes, for each token, whether `verify(token)` resolved. */
export async function check(prepare, isWanted = () => true) {
  const work = JSON.parse(readFileSync(process.argv[2], 'utf8')).filter(isWanted)
  for (const { set, jwks, cases } of work) {
    const verify = await prepare(jwks)
    for (const [at, one] of cases.entries()) {
      const why = await verify(one).then(() => undefined, reason)
      console.log(JSON.stringify({ set, at, accepted: why === undefined, why }))
    }
  }
}

/** Something is wrong with the test itself: neither accepted nor refused. */
export class Broken extends Error {}

function reason(error) {
  if (error instanceof Broken) throw error
  return `${error.code ?? error.name}: ${error.message}`
}
