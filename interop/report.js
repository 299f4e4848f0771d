// What came of it, as tables, and whether that is as it should be.

/** Refusals that no library is excused from. */
const INEXCUSABLE = ['bad_signature', 'unknown_key', 'wrong_algorithm', 'wrong_issuer', 'wrong_audience', 'expired']

/** These read the clock themselves, and the vectors have a time of their own. */
const OF_TODAY = ['PostgREST']

/** Collects what each library said and compares it with what it should say. */
export class Report {
  /** `differences` says which vectors a library is known to answer otherwise, and why that is no harm. */
  constructor(work, differences) {
    this.work = Object.fromEntries(work.map(({ set, cases }) => [set, cases]))
    this.differences = differences
    this.columns = []
    this.wrong = []
    this.notes = []
    const expected = new Map(this.work.vectors.map(({ name, expected }) => [name, expected]))
    for (const name of differences.flatMap(({ vectors }) => Object.keys(vectors))) {
      if (!expected.has(name)) this.wrong.push(`differences.json: there is no vector ${name}`)
      if (INEXCUSABLE.includes(expected.get(name))) this.wrong.push(`differences.json: ${name} must not be in it`)
    }
  }

  door(steps) {
    this.steps = steps
    this.wrong.push(...steps.filter(({ wrong }) => wrong).map(({ name, wrong }) => `openid-client: ${name}: ${wrong}`))
  }

  library(library, answers) {
    const column = { library, cases: new Map(), vectors: { accepted: [0, 0], refused: [0, 0] } }
    const heard = new Map(answers.map((answer) => [`${answer.set} ${answer.at}`, answer]))
    for (const [set, cases] of Object.entries(this.work)) {
      if (set === 'vectors' && OF_TODAY.includes(library)) continue
      const compare = set === 'cases' ? this.compareCase : this.compareVector
      for (const [at, one] of cases.entries()) compare.call(this, column, one, heard.get(`${set} ${at}`))
    }
    this.columns.push(column)
  }

  compareCase({ library, cases }, one, answer) {
    const isRight = answer?.accepted === (one.expected === 'accepted')
    const bad = cases.get(one.name) ?? []
    cases.set(one.name, isRight ? bad : [...bad, one.algorithm])
    const name = `${one.algorithm}, ${one.name}`
    if (!isRight) this.wrong.push(`${library}: ${name}: ${said(answer)}`)
    this.notes.push([library, one.algorithm, one.name, said(answer)])
  }

  compareVector({ library, vectors }, one, answer) {
    const should = one.expected === 'accepted'
    const isAsExpected = answer?.accepted === should
    const isKnown = this.differences.some((each) => each.vectors[one.name]?.includes(library))
    if (isAsExpected && isKnown) {
      this.wrong.push(`${library}: vector ${one.name} is as it should be: take it off differences.json`)
    } else if (!isAsExpected && !isKnown) {
      this.wrong.push(`${library}: vector ${one.name} (${one.expected}): ${said(answer)}`)
    }
    const count = vectors[should ? 'accepted' : 'refused']
    count[0] += isAsExpected ? 1 : 0
    count[1] += 1
  }

  /** Prints the tables, and says whether all is well. */
  print() {
    const kinds = new Map(this.work.cases.map((one) => [one.name, one.expected]))
    const rows = [...kinds].map(([name, expected]) => [
      name,
      must(expected),
      ...this.columns.map(({ cases }) => cell(cases.get(name))),
    ])
    for (const kind of ['accepted', 'refused']) {
      const counts = this.columns.map(({ vectors }) => vectors[kind])
      const texts = counts.map(([right, all]) => (all === 0 ? '-' : `${right} of ${all}`))
      rows.push([`vectors, ${kind}.json`, must(kind), ...texts])
    }
    console.log('\nEach cell stands for ES256, RS256 and EdDSA.\n')
    table([['token', 'must be', ...this.columns.map(({ library }) => library)], ...rows])
    console.log()
    const steps = this.steps.map(({ name, wrong }) => [name, wrong ? 'FAIL' : 'ok'])
    table([['the token endpoint', 'openid-client'], ...steps])
    if (process.env.INTEROP_REASONS) {
      console.log()
      table([['library', 'algorithm', 'token', 'said'], ...this.notes])
    }
    for (const text of this.wrong) console.log(`FAIL ${text}`)
    console.log(`\ninterop: ${this.wrong.length} findings`)
    return this.wrong.length === 0
  }
}

function must(expected) {
  return expected === 'accepted' ? 'accepted' : 'refused'
}

function cell(bad) {
  if (bad === undefined) return '-'
  return bad.length === 0 ? 'ok' : `FAIL ${bad.join(' ')}`
}

function said(answer) {
  if (answer === undefined) return 'no answer'
  return answer.accepted ? 'accepted' : `refused, ${answer.why}`
}

function table(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)))
  const line = (row) => `| ${row.map((text, at) => text.padEnd(widths[at])).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  console.log([line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n'))
}
