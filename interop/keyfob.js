// Keyfob's own server: the demo, with one resource server for each algorithm.

import { serverOf } from './process.js'

/** Name of the resource server, and the one algorithm of its tokens. */
export const SERVERS = [
  { name: 'default', algorithm: 'ES256' },
  { name: 'builds', algorithm: 'RS256', audience: 'https://builds.example.com' },
  { name: 'deploys', algorithm: 'EdDSA', audience: 'https://deploys.example.com' },
]

/** Starts `keyfobd` on a port that the system chooses. */
export async function startKeyfob(program) {
  const env = { ...process.env }
  for (const { name, algorithm, audience } of SERVERS) {
    const section = `KEYFOB__RESOURCE_SERVER__${name.toUpperCase()}__`
    env[`${section}ALGORITHM`] = algorithm
    if (audience) env[`${section}AUDIENCE`] = audience
  }
  const args = ['serve', '--demo', '--json', '--listen', '127.0.0.1:0']
  const { line, stop } = await serverOf(program, args, env, (said) => said.startsWith('{"url"'))
  const { url, pat, organizationId } = JSON.parse(line)
  return { url, pat, organizationId, stop }
}
