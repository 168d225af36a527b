import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SystemClock } from '../../src/core/index.ts';
import { DataDirectory } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const HOLD = fileURLToPath(new URL('storage-children/hold.ts', import.meta.url));
const LOAD = fileURLToPath(new URL('storage-children/load.ts', import.meta.url));
const clock = new SystemClock();

/** Starts a second process; its first words. */
async function start(script: string, path: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: chunk.toString().trimEnd() };
}

describe('a data directory and two processes', () => {
  test('the second is told who owns it; when the owner is killed, the next gets it, with what was written', async () => {
    const path = join(await temporaryDirectory(), 'data');
    const { child, said } = await start(HOLD, path);
    expect(said).toBe('owner, new: true');
    await expect(DataDirectory.open(path, { clock })).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      message: expect.stringMatching(
        new RegExp(
          `^data directory ${path} belongs to process ${String(child.pid)} since \\d{4}-\\d\\d-\\d\\dT.*Z: stop it`,
        ),
      ) as unknown,
      details: { pid: child.pid, sinceMs: expect.any(Number) as unknown },
    });

    child.kill('SIGKILL');
    await once(child, 'exit');
    const directory = await DataDirectory.open(path, { clock });
    expect(directory.isNew).toBe(false);
    expect((await (await directory.openStore('state')).get('kill-switch'))?.value).toBe('halted');

    const second = await start(HOLD, path);
    expect(second.said).toMatch(
      new RegExp(`^DATA_DIR_LOCKED: data directory ${path} belongs to process ${process.pid} since `),
    );
    await directory.close();
  });

  test('of several that start at once, one owns it', async () => {
    const path = join(await temporaryDirectory(), 'data');
    const words = await Promise.all([1, 2, 3].map(async () => (await start(HOLD, path)).said));
    expect(words.filter((said) => said.startsWith('owner'))).toHaveLength(1);
    expect(words.filter((said) => said.startsWith('DATA_DIR_LOCKED'))).toHaveLength(2);
  });
});

test('importing the room and using a log does not load node:sqlite', async () => {
  const { said } = await start(LOAD, await temporaryDirectory());
  expect(said).toBe('');
});
