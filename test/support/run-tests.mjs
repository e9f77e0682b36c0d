#!/usr/bin/env node
/**
 * Runs one suite of tests, every file by its name.
 *
 *     node test/support/run-tests.mjs [unit | e2e | bench | claude] [part of a path …]
 *     FILE_TIMEOUT_MS=1800000 node test/support/run-tests.mjs …       for a test that was made longer
 *     EACH_ALONE=1 node test/support/run-tests.mjs …                  no two files in one process
 *
 * On Node 20 `node --test <folder or quoted glob>` finds no `.ts` test and passes. So the files are found here, and a run
 * that has nothing to run, or a file without a test in it, is a failure. Node's own closing lines stay on stdout: `.ci/run`
 * counts by them.
 *
 * Many tests watch real processes, and a machine may stop any of these for a second. So where a few of a whole suite fail,
 * their files run once more, alone: what fails again has failed, what passes is told as unsteady, with its error, to be mended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SUITES = ['unit', 'e2e', 'bench', 'claude'];
/** A hung file is killed and named, long before a CI job is cut off without a word. */
const FILE_TIMEOUT_MS = { unit: 360_000, e2e: 480_000, bench: 1_800_000, claude: 900_000 };

function suiteOf(path) {
  if (path.startsWith('test/bench/')) return 'bench';
  if (path.startsWith('test/claude/')) return 'claude';
  return path.endsWith('.e2e.test.ts') ? 'e2e' : 'unit';
}

function testFiles(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'fixtures' ? [] : testFiles(path);
    return entry.isFile() && entry.name.endsWith('.test.ts') ? [relative(ROOT, resolve(ROOT, path)).split(sep).join('/')] : [];
  });
}

/**
 * What the shell or a surrounding test run has set must not reach the tests. A file of extra certificates is read by every
 * node at its start, which costs it more than all else there (40 ms become 110); only what asks a registry needs them.
 */
function testEnv(suite) {
  const { NODE_TEST_CONTEXT: _context, CADENCE_ROOT: _root, AGENT_ROOT: _agentRoot, ...env } = process.env;
  if (suite === 'unit') delete env.NODE_EXTRA_CA_CERTS;
  return { ...env, TMPDIR: env.TMPDIR || memoryFolder() || tmpdir() };
}

/**
 * The tests make hundreds of thousands of small files. Some disks take half a millisecond for each (ext4 without a
 * journal does), memory takes none: where there is a memory file system with room it is used. Set TMPDIR to choose.
 */
function memoryFolder() {
  const folder = '/dev/shm';
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 4 * 1024 ** 3 ? folder : undefined;
}

/** The package is made once here, so that every e2e file works on the same one (`packed.ts` reads the variable). */
function makePackage(folder, env) {
  const made = spawnSync(process.execPath, ['--import', 'tsx', 'test/support/packed.ts', folder], { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
  if (made.status !== 0) throw new Error('The package could not be made, so no e2e test can run.');
  return { ...env, CADENCE_BUS_PACKED: folder };
}

/** To load the program costs a process more than most of these files take. They leave their process as they found it. */
const SHARING = /^test\/(bus|cli|config|core|doctor|history|incidents|notify|runners|schedules|services|wire)\//;
/** They wait for long, or want the memory for themselves. */
const NOT_SHARING = /^test\/(bus\/hostile|cli\/(heartbeat|install|nested|orders|running|waits))/;
const SHARE_A_PROCESS = 8;

/** A file without a test of its own is noticed only where it is alone. */
function mayShare(path) {
  return (
    process.env.EACH_ALONE === undefined &&
    SHARING.test(path) &&
    !NOT_SHARING.test(path) &&
    /\bit\b.* from 'node:test';/.test(readFileSync(join(ROOT, path), 'utf8'))
  );
}

/** What is to be handed to node: those that are alone, which take longest, and behind them a file in `folder` for each few of the others. */
function inProcesses(files, folder) {
  const sharing = files.filter(mayShare);
  const shared = [];
  while (sharing.length > 0) {
    const path = join(folder, `shared-${shared.length + 1}.mjs`);
    const together = sharing.splice(0, SHARE_A_PROCESS);
    writeFileSync(path, together.map((file) => `import ${JSON.stringify(pathToFileURL(join(ROOT, file)).href)};\n`).join(''));
    shared.push(path);
  }
  return [...files.filter((file) => !mayShare(file)), ...shared];
}

/** More than these are no accident. */
const UNSTEADY_AT_MOST = 3;

/** One more than there are processors: many tests wait for a clock or another process. */
const LANES = availableParallelism() + 1;

function runNode(suite, files, report, env, { concurrency = LANES, stdout = 'inherit' } = {}) {
  const timeoutMs = process.env.FILE_TIMEOUT_MS ?? FILE_TIMEOUT_MS[suite];
  const args = ['--import', 'tsx', '--test', `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`];
  args.push('--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=tap', `--test-reporter-destination=${report}`);
  const child = spawn(process.execPath, [...args, ...files], { cwd: ROOT, env, stdio: ['ignore', stdout, 'inherit'] });
  // Only the lines of the first run are counted.
  child.stdout?.setEncoding('utf8').on('data', (text) => process.stdout.write(text.replaceAll('ℹ ', 'again: ')));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done(code ?? 128 + constants.signals[signal]));
  });
}

/** Node counts a file without a test as one test that passed, under the file's name; no `it` bears such a name. */
function emptyFiles(report, files) {
  const passed = new Set([...report.matchAll(/^ok \d+ - (.*)$/gm)].map((line) => line[1].replace(/ # .*$/, '')));
  return files.filter((file) => passed.has(file) || passed.has(resolve(ROOT, file)));
}

function complaint(report, files) {
  const count = Number(/^# tests (\d+)$/m.exec(report)?.[1] ?? 0);
  if (count === 0) return 'node:test ran no test.';
  const empty = emptyFiles(report, files);
  return empty.length === 0 ? undefined : `No test in ${empty.join(', ')}: add one or remove the file.`;
}

/** The tests that failed by themselves, not by one in them: each with its file, if that is known, and what it told. */
function failuresIn(report) {
  const found = [];
  for (const [, name, told] of report.matchAll(/^ *not ok \d+ - (.*)\n *---\n([\s\S]*?)^ *\.\.\.$/gm)) {
    if (told.includes("failureType: 'subtestsFailed'")) continue;
    const path = /^ *location: '(.*):\d+:\d+'$/m.exec(told)?.[1];
    found.push({ name, told, file: path === undefined ? undefined : relative(ROOT, resolve(ROOT, path)).split(sep).join('/') });
  }
  return found;
}

async function runAgain(suite, failures, folder, env) {
  const files = [...new Set(failures.map(({ file }) => file))];
  console.log(`\nOnce more, alone: ${files.join(', ')}`);
  for (const file of files) {
    const code = await runNode(suite, [file], join(folder, 'again.tap'), env, { concurrency: 1, stdout: 'pipe' });
    if (code !== 0) return code;
  }
  return 0;
}

/** `.ci/run` shows these lines beside its summary. */
function tell(word, failures) {
  for (const { name, file, told } of failures) {
    console.log(`${word}: ${name} (${file ?? 'in no file that is known'})`);
    for (const line of told.trimEnd().split('\n').slice(0, 40)) console.log(`${word}:   ${line}`);
  }
}

async function main(words) {
  const suite = SUITES.includes(words[0]) ? words[0] : 'unit';
  const parts = suite === words[0] ? words.slice(1) : words;
  const files = testFiles(join(ROOT, 'test'))
    .filter((path) => suiteOf(path) === suite && (parts.length === 0 || parts.some((part) => path.includes(part))))
    .sort();
  if (files.length === 0) throw new Error(`No ${suite} test file found${parts.length === 0 ? '' : ` whose path contains ${parts.join(' or ')}`}.`);
  const folder = mkdtempSync(join(tmpdir(), 'cadence-bus-tests-'));
  try {
    const env = suite === 'e2e' ? makePackage(join(folder, 'package'), testEnv(suite)) : testEnv(suite);
    const report = join(folder, 'report.tap');
    const code = await runNode(suite, inProcesses(files, folder), report, env);
    const told = readFileSync(report, 'utf8');
    const wrong = complaint(told, files);
    if (wrong !== undefined) throw new Error(wrong);
    const failures = failuresIn(told);
    const mayBeUnsteady =
      parts.length === 0 && failures.length > 0 && failures.length <= UNSTEADY_AT_MOST && failures.every(({ file }) => files.includes(file));
    const last = mayBeUnsteady ? await runAgain(suite, failures, folder, env) : code;
    tell(last === 0 ? 'unsteady' : 'failed', failures);
    return last;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.exitCode = 1;
    process.stderr.write(`run-tests: ${error.message}\n`);
  },
);
