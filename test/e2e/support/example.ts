import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { root } from '../../../scripts/rooms.ts';

/** What is loaded into an example before it runs. */
export const PRELOAD = {
  /** Refuses the network and reports, when the process ends, how much memory it took. */
  watch: fileURLToPath(new URL('watch.ts', import.meta.url)),
  /** Makes the disk slow, and differently slow each time. */
  slowDisk: fileURLToPath(new URL('slow-disk.ts', import.meta.url)),
  /** Puts both clocks of the machine three years on. */
  later: fileURLToPath(new URL('later.ts', import.meta.url)),
  /** Lets the time of the machine run five times as fast. */
  fastTime: fileURLToPath(new URL('fast-time.ts', import.meta.url)),
};

export interface ExampleOptions {
  /** For `node`, before the file. */
  readonly flags?: readonly string[];
  readonly preload?: readonly string[];
  /** For temporary directories. Default: the one of the machine. */
  readonly tmp?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from start to end. */
  readonly tookMs: number;
  /** What `PRELOAD.watch` tells, when it was loaded. */
  readonly watched: { readonly maxRssMb: number; readonly network: readonly string[] } | undefined;
}

export interface Running {
  readonly child: ChildProcess;
  /** What has been printed so far. */
  stdout(): string;
  readonly ended: Promise<Ended>;
}

/** Starts an example on the built package, as a user does. `file` is a path below `examples/`. */
export function startExample(
  file: string,
  args: readonly string[] = [],
  { flags = [], preload = [], tmp }: ExampleOptions = {},
): Running {
  const startedMs = performance.now();
  const imports = preload.flatMap((path) => ['--import', path]);
  const nodeFlags = ['--disable-warning=ExperimentalWarning', ...flags, ...imports];
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'examples', file), ...args], {
    cwd: root,
    env: { ...process.env, ...(tmp !== undefined && { TMPDIR: tmp }) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, told] = child.stdio.map((pipe) => pipe as Readable);
  if (stdout === undefined || stderr === undefined || told === undefined) throw new Error('no pipes');
  let printed = '';
  stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  const ended = Promise.all([once(child, 'close'), text(stderr), text(told)]).then(
    ([[code], errors, watched]): Ended => ({
      code: code as number | null,
      stdout: printed,
      stderr: errors,
      tookMs: performance.now() - startedMs,
      watched: watched === '' ? undefined : (JSON.parse(watched) as NonNullable<Ended['watched']>),
    }),
  );
  return { child, stdout: () => printed, ended };
}

/** The flags with which a script of package.json runs an example. */
export function flagsOfScript(name: string, file: string): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const [node, ...flags] = scripts[name]?.split(' ') ?? [];
  const path = flags.pop();
  if (node !== 'node' || path !== `examples/${file}`)
    throw new Error(`npm run ${name} is not node examples/${file}: ${String(scripts[name])}`);
  return flags;
}

/** Runs an example to its end. */
export const runExample = (
  file: string,
  args: readonly string[] = [],
  options: ExampleOptions = {},
): Promise<Ended> => startExample(file, args, options).ended;

/** A folder of its own, for one test or one file of tests. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-e2e-'));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A folder that is removed when the test ends. */
export function folderOfTest(): string {
  const folder = temporaryFolder();
  onTestFinished(folder.remove);
  return folder.path;
}
