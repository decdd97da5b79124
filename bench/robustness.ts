import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Case, listCases } from './hostile/cases.ts'
import { type CraftedResult, runCrafted } from './hostile/crafted.ts'
import { createTally } from './hostile/tally.ts'
import { runTrials, type Trial } from './hostile/watch.ts'

/** Reads every file of a pile as it is, cut, and damaged at random, then what was crafted; writes what became of it. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutations: { type: 'string', default: '20000' },
    step: { type: 'string', default: '1024' },
    out: { type: 'string', default: 'docs/robustness.md' },
  },
})
if (positionals.length !== 1) {
  console.error(
    'usage: npm run bench:robustness -- PILE [--mutations 20000] [--step 1024] [--out docs/robustness.md]',
  )
  process.exit(2)
}
const [pile] = positionals
const paths = readdirSync(pile, { recursive: true, encoding: 'utf8' })
  .map((name) => join(pile, name))
  .filter((path) => statSync(path).isFile() && extname(path) !== '.tsv')
  .sort()
const sizes = paths.map((path) => statSync(path).size)

function* trials(): Generator<Trial> {
  for (const one of listCases(sizes, Number(values.mutations), Number(values.step)))
    yield { path: paths[one.file], one }
}

const tallies = { whole: createTally(), cut: createTally(), mutated: createTally() } satisfies Record<
  Case['kind'],
  unknown
>
const faults: string[] = []
let done = 0
const { peakBytes } = await runTrials(trials(), (result) => {
  tallies[result.one.kind].add(result, result.path.slice(pile.length + 1))
  if (result.kind === 'fault') {
    const fault = `${result.path.slice(pile.length + 1)} ${JSON.stringify(result.one)}: ${result.what}`
    faults.push(fault)
    console.log(`FAULT ${fault}`)
  }
  if (++done % 1000 === 0) console.log(`${done} files, ${faults.length} faults`)
})
const crafted = await runCrafted((line) => console.log(line))
faults.push(...crafted.filter(({ fault }) => fault !== null).map(({ name, fault }) => `${name}: ${fault}`))

const page = describe(crafted)
writeFileSync(values.out, page)
console.log(`${done + crafted.length} inputs, ${faults.length} faults: ${values.out}`)
process.exitCode = faults.length > 0 ? 1 : 0

function describe(rows: readonly CraftedResult[]): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(2)
  const megabytes = (bytes: number | null) => (bytes === null ? '-' : (bytes / 2 ** 20).toFixed(0))
  const { whole, cut, mutated } = tallies
  const row = (name: string, t: typeof whole) =>
    `| ${name} | ${t.count} | ${t.read} | ${t.refused} | ${t.faults} | ${seconds(t.slowest.ms)} | \`${t.slowest.name}\` |`
  return `# Robustness

What hostile and broken files do to NeckFrac. Made by

\`\`\`sh
npm run bench:robustness -- PILE --mutations ${values.mutations} --step ${values.step}
\`\`\`

where PILE held ${paths.length} DICOM files of eight public projects, ${(sizes.reduce((a, b) => a + b, 0) / 2 ** 20).toFixed(0)} MB: odd syntaxes, cut files, wrong VRs, and a set malformed on
purpose. Each input is read as one from outside is: header, series, pixels, and a copy without the patient. *Read* is an
image whose pixels were decoded; *refused* one that came back with a tagged error or a reason. A *fault* is any other error, the
end of the process, more than ${10} s, or more than 2 GB. Machine: ${cpus()[0].model.trim()}, ${cpus().length} cores, shared with other work; Node ${process.versions.node}.

| files | tried | read | refused | faults | slowest, s | of |
|---|---|---|---|---|---|---|
${row('as they are', whole)}
${row(`cut at every ${values.step} bytes`, cut)}
${row('damaged at random, 1-8 places, seeded', mutated)}

Largest memory of the reading process: ${megabytes(peakBytes)} MB.

## Crafted inputs
Each goes through the command line as a process of its own. "Wrote outside" would be a fault too.

| input | ended with | s | MB | what was said |
|---|---|---|---|---|
${rows.map((r) => `| ${r.name} | ${r.fault ?? `exit ${r.code}`} | ${r.seconds.toFixed(1)} | ${megabytes(r.peakBytes)} | ${r.said} |`).join('\n')}

## Faults in this run
${faults.length === 0 ? 'None.' : faults.map((fault) => `- ${fault.split('\n')[0]}`).join('\n')}

## Why the files were refused, as they are
| files | reason |
|---|---|
${whole
  .reasons(25)
  .map(([reason, n]) => `| ${n} | ${reason} |`)
  .join('\n')}
`
}
