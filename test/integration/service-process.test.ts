import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const CHILD = fileURLToPath(new URL('service-child.ts', import.meta.url));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Line {
  readonly msg: string;
  readonly [key: string]: unknown;
}

function spawnChild(...args: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let text = '';
  const lines = (): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const seen = async (msg: string): Promise<Line> => {
    for (;;) {
      const line = lines().find((candidate) => candidate.msg === msg);
      if (line !== undefined) return line;
      await once(child.stdout, 'data');
    }
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  return { child, exited, lines, seen, errors: () => errors };
}

/** The child once it is ready, with its log lines as they come. */
async function startChild() {
  const spawned = spawnChild();
  const { address } = await spawned.seen('ready');
  return { ...spawned, address: address as string };
}

describe('a service in a process of its own', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: the request at hand is served, then exit code 0',
    async (signal) => {
      const { child, exited, lines, seen, address } = await startChild();
      const request = fetch(`${address}/slow/300`);
      await seen('slow request begins');
      child.kill(signal);
      const answer = await request;
      expect([answer.status, await answer.json()]).toEqual([200, { served: true }]);
      expect(answer.headers.get('connection')).toBe('close');
      expect(await exited).toBe(0);
      expect(lines().map(({ msg }) => msg)).toEqual([
        'ready',
        'slow request begins',
        'stopping',
        'request',
        'onStop',
        'stopped',
      ]);
      expect(lines().at(-1)).toMatchObject({ reason: signal, forced: false });
    },
  );

  test('a second signal leaves at once with code 1', async () => {
    const { child, exited, lines, seen, address } = await startChild();
    const request = fetch(`${address}/slow/60000`).catch((error: unknown) => error);
    await seen('slow request begins');
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const sentMs = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(1);
    expect(performance.now() - sentMs).toBeLessThan(1500);
    expect(await request).toBeInstanceOf(Error);
    expect(lines().at(-1)).toMatchObject({ level: 'error', msg: 'second signal: leaving at once' });
  });

  test('what outlasts the deadline is cut, with exit code 1 and a forced report', async () => {
    const { child, exited, lines, seen, address } = await startChild();
    const request = fetch(`${address}/slow/60000`).catch((error: unknown) => error);
    await seen('slow request begins');
    child.kill('SIGTERM');
    expect(await exited).toBe(1);
    expect(await request).toBeInstanceOf(Error);
    expect(lines().at(-1)).toMatchObject({
      msg: 'stopped',
      forced: true,
      steps: expect.arrayContaining([
        expect.objectContaining({ name: 'requests', outcome: 'cut', note: '1 requests' }),
      ]) as unknown,
    });
  });

  test('an error that nobody caught: stops in order as failed, with exit code 1', async () => {
    const { exited, lines } = spawnChild('crashes');
    expect(await exited).toBe(1);
    const last = lines().at(-1);
    expect(last).toMatchObject({ msg: 'failed', reason: 'uncaughtException: Error: boom', forced: false });
    expect(lines().map(({ msg }) => msg)).toContain('onStop');
  });

  test('a start that fails: closed again, the cause on stderr, exit code 1', async () => {
    const { exited, lines, errors } = spawnChild('fails');
    expect(await exited).toBe(1);
    expect(lines().map(({ msg }) => msg)).toEqual(['stopping', 'onStop', 'failed']);
    expect(errors()).toContain('slow could not start: Error: no database');
  });

  test('a log that nobody reads any more: it still serves, and still ends in time', async () => {
    const { child, exited, address } = await startChild();
    child.stdout.destroy();
    for (let i = 0; i < 50; i += 1) expect((await fetch(`${address}/slow/1`)).status).toBe(200);
    const sentMs = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - sentMs).toBeLessThan(5000);
  });

  test('a log that is not read, its pipe full: it still serves, and still ends in time', async () => {
    const { child, exited, address } = await startChild();
    child.stdout.pause();
    const beganMs = performance.now();
    for (let i = 0; i < 10; i += 1) expect((await fetch(`${address}/talk/100`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });
});
