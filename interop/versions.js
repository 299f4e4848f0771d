// What took part, for the record of a run.

import { readFileSync } from 'node:fs'

import { linesOf } from './process.js'

const OF_PYTHON = `
import platform, sys
from importlib.metadata import version
print("Python", platform.python_version())
for name in sys.argv[1:]: print(name, version(name))
`

/** One line with names and versions. */
export async function versions(python, postgres) {
  const query = ['--tuples-only', '--no-align', '--command', 'show server_version', '--dbname', postgres]
  const [server] = await linesOf('psql', query)
  const wanted = readFileSync('requirements.txt', 'utf8').match(/^[^=\n]+/gm)
  const ofPython = await linesOf(python, ['-c', OF_PYTHON, ...wanted])
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const ofNode = Object.keys(dependencies).map((name) => `${name} ${installed(name)}`)
  return [`PostgreSQL ${server}`, `Node.js ${process.version}`, ...ofNode, ...ofPython].join(', ')
}

function installed(name) {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version
}
