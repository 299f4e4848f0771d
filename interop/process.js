// Other programs: run to their end, or until they say that they are ready.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const PATIENCE = 60_000
const LONG = 300_000

/** The lines that a program writes to its standard output. It has five minutes and must succeed. */
export async function linesOf(program, args, env = process.env) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: LONG })
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const lines = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  const status = await ended
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`)
  return lines
}

/** Starts a server and resolves with the first line for which `isReady` is true, and with how to stop it. */
export function serverOf(program, args, env, isReady) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise((resolve) => child.on('close', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await gone
  }
  return new Promise((resolve, reject) => {
    const said = []
    const give = (why) => {
      child.kill('SIGKILL')
      reject(new Error(`${program} ${why}:\n${said.join('\n')}`))
    }
    const timer = setTimeout(() => give('was not ready in a minute'), PATIENCE)
    const hear = (line) => {
      said.push(line)
      if (!isReady(line)) return
      clearTimeout(timer)
      resolve({ line, stop })
    }
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      give('ended')
    })
    createInterface({ input: child.stdout }).on('line', hear)
    createInterface({ input: child.stderr }).on('line', hear)
  })
}
