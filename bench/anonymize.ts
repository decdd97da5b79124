// npm run bench:anonymize -- FOLDER [--python FILE] [--gdcmanon FILE]
// Copies without the patient by `neckfrac anonymize` and by GDCM's gdcmanon, judged by pydicom: peer/anonymize.py.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const root = path.dirname(import.meta.dirname)
const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: path.join(root, 'training', '.venv', 'bin', 'python') },
    gdcmanon: { type: 'string', default: 'gdcmanon' },
  },
})
if (positionals.length !== 1 || !existsSync(options.python)) {
  console.error(
    'usage: npm run bench:anonymize -- FOLDER [--python FILE] [--gdcmanon FILE]; see bench/README.md',
  )
  process.exit(2)
}
const [folder] = positionals
const work = mkdtempSync(path.join(tmpdir(), 'neckfrac-anonymize-'))
try {
  const [out, key, certificate] = ['copies', 'secret.key', 'certificate.pem'].map((name) =>
    path.join(work, name),
  )
  const cli = path.join(root, 'packages', 'node', 'src', 'cli.ts')
  execFileSync(process.execPath, [cli, 'anonymize', folder, '--out', out, '--key', key], { stdio: 'inherit' })
  // gdcmanon seals the old values for whoever holds this certificate's key; nobody does.
  const subject = ['-subj', '/CN=neckfrac', '-nodes', '-keyout', path.join(work, 'private.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, '-out', certificate], {
    stdio: 'ignore',
  })
  console.log(execFileSync(options.gdcmanon, ['--version'], { encoding: 'utf8' }).split('\n')[0])
  const judge = path.join(import.meta.dirname, 'peer', 'anonymize.py')
  const sides = ['--gdcmanon', options.gdcmanon, '--certificate', certificate]
  const { status } = spawnSync(options.python, [judge, folder, out, key, ...sides], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(work, { recursive: true })
}
