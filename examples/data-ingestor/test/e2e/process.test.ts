/**
 * A template for end-to-end tests of a service: a process of its own, configured through its environment, asked over
 * HTTP, ended with a signal, and judged by its exit code, its log and what it leaves on the disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ScriptedUpstream } from 'portcullis/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../service.ts', import.meta.url));

const quote = { instrumentId: 'BTC-USD', bid: '100.00', ask: '100.25', atMs: 1 };

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The program once it listens. It is killed at the end of the test, whatever happens. */
async function startProgram(env: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = { stdout: '', stderr: '' };
  for (const pipe of ['stdout', 'stderr'] as const)
    child[pipe]?.setEncoding('utf8').on('data', (chunk: string) => (text[pipe] += chunk));
  const closed = once(child, 'close').then(([code]) => code as number | null);
  const lines = (): LogLine[] =>
    text.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const seen = async (msg: string): Promise<LogLine> => {
    for (;;) {
      const line = lines().find((one) => one.msg === msg);
      if (line !== undefined) return line;
      if (child.exitCode !== null) throw new Error(`it ended: ${text.stdout}${text.stderr}`);
      await sleep(10);
    }
  };
  const { address } = (await seen('listening')) as unknown as { address: string };
  const status = async (path: string): Promise<number> => (await fetch(`${address}${path}`)).status;
  return { child, closed, lines, address, status, stderr: () => text.stderr };
}

/** An upstream, a data directory, and the environment that leads to both. */
async function place() {
  const directory = await mkdtemp(join(tmpdir(), 'ingestor-'));
  const upstream = await ScriptedUpstream.listen([{ body: { quotes: [quote] } }]);
  onTestFinished(async () => {
    await upstream.close();
    await rm(directory, { recursive: true, force: true });
  });
  const env = {
    INGESTOR_SOURCE__URL: upstream.url,
    INGESTOR_SOURCE__API_KEY: 'env:QUOTES_KEY',
    INGESTOR_DATA_DIR: directory,
    INGESTOR_SERVICE__DRAIN_DELAY_MS: '1000',
    QUOTES_KEY: 'key-of-the-test',
  };
  return { upstream, env };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: unready first and still served, then an orderly end with code 0, and the quotes are on the disk',
  async (signal) => {
    const { upstream, env } = await place();
    const { child, closed, lines, address, status, stderr } = await startProgram(env);
    expect(await (await fetch(`${address}/quotes/BTC-USD`)).json()).toEqual(quote);
    expect(await status('/ready')).toBe(200);

    child.kill(signal);
    // Its log is written a second later at most, so it is asked instead.
    await vi.waitFor(async () => expect(await status('/ready')).toBe(503), { timeout: 5000, interval: 20 });
    expect([await status('/live'), await status('/quotes/BTC-USD')]).toEqual([200, 200]);
    expect(await closed).toBe(0);
    expect(stderr()).toBe('');
    expect(lines().at(-1)).toMatchObject({ msg: 'stopped', reason: signal, forced: false });
    expect(JSON.stringify(lines())).not.toContain('key-of-the-test');

    upstream.script('reset');
    const next = await startProgram(env);
    expect(await (await fetch(`${next.address}/quotes/BTC-USD`)).json()).toEqual(quote);
  },
);

test('killed in the middle, it starts again on the same directory with what it had', async () => {
  const { upstream, env } = await place();
  const { child, closed } = await startProgram(env);
  child.kill('SIGKILL');
  await closed;
  upstream.script('reset');
  const next = await startProgram(env);
  expect(await (await fetch(`${next.address}/quotes/BTC-USD`)).json()).toEqual(quote);
});

test('a setting that is wrong ends it with code 1, and names it', async () => {
  const { env } = await place();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    env: { PATH: process.env['PATH'], ...env, INGESTOR_POLL_MS: 'often' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(output).toMatch(/pollMs: expected a number, got .*INGESTOR_POLL_MS/);
});
