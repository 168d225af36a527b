import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const CHILD = fileURLToPath(new URL('children/embedded.ts', import.meta.url));

/** What a process says, until it ends or has said so many lines that fit; then it is killed. */
async function live(
  directory: string,
  publish: number,
  { killAfter = Infinity, cursorEveryMs = 50 }: { killAfter?: number; cursorEveryMs?: number } = {},
): Promise<{ lines: string[]; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [CHILD, directory, `${publish}`, `${cursorEveryMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    told += chunk.toString();
    if (told.split('\n').filter((line) => line.startsWith('done')).length >= killAfter) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { lines: told.split('\n').slice(0, -1), signal: child.signalCode };
}

const numbersOf = (lines: readonly string[], verb: string, thing: string): number[] =>
  lines.flatMap((line) => {
    const [said, of, n] = line.split(' ');
    return said === verb && of === thing ? [Number(n)] : [];
  });

describe('a durable embedded bus whose process is killed', () => {
  test.each([
    ['places saved often', 5],
    ['places never saved', 60_000],
  ])(
    'loses nothing it has acknowledged, and keeps the order of keys: %s',
    async (_, cursorEveryMs) => {
      const directory = await temporaryDirectory();
      const lives = [
        await live(directory, 500, { killAfter: 40, cursorEveryMs }),
        await live(directory, 0, { killAfter: 90, cursorEveryMs }),
        await live(directory, 0, { cursorEveryMs }),
      ];
      expect(lives.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', null]);
      const all = lives.flatMap(({ lines }) => lines);
      const published = all.filter((line) => line.startsWith('published'));
      expect(published.length).toBeGreaterThan(0);
      for (const thing of ['t0', 't1', 't2', 't3', 't4']) {
        const done = new Set(numbersOf(all, 'done', thing));
        for (const n of numbersOf(all, 'published', thing)) expect(done).toContain(n);
        for (const { lines } of lives) {
          const begun = numbersOf(lines, 'begin', thing);
          expect(begun).toEqual([...new Set(begun)].sort((a, b) => a - b));
        }
      }
    },
    120_000,
  );

  test('an event that kills it goes to the dead letters, and the others are handled', async () => {
    const directory = join(await temporaryDirectory(), 'poison');
    await mkdir(directory);
    const lives = [await live(directory, 20)];
    while (lives.at(-1)?.signal === 'SIGKILL' && lives.length < 8) lives.push(await live(directory, 0));
    expect(lives.at(-1)?.signal).toBeNull();
    expect(lives.at(-1)?.lines).toContain('letter CRASHED 2 poison');
    // Once before anyone knew, then twice with care.
    expect(lives).toHaveLength(4);
    const all = lives.flatMap(({ lines }) => lines);
    for (let n = 1; n <= 20; n += 1) if (n !== 10) expect(all).toContain(`done t${n % 5} ${n}`);
  }, 120_000);

  test('knows the ids it has been given', async () => {
    const directory = await temporaryDirectory();
    const [first, second] = [await live(directory, 10), await live(directory, 12)];
    const outcomes = (lines: readonly string[]): string[] =>
      lines.filter((line) => /^(published|duplicate)/.test(line)).map((line) => line.split(' ')[0] ?? '');
    expect(outcomes(first.lines)).toEqual(Array<string>(10).fill('published'));
    expect(outcomes(second.lines).sort()).toEqual([
      ...Array<string>(10).fill('duplicate'),
      'published',
      'published',
    ]);
  }, 60_000);
});
