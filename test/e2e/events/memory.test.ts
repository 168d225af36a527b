import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';

const CHILD = fileURLToPath(new URL('children/memory-child.ts', import.meta.url));
const FEW_MIB = 4 * 1_048_576;

/** In a process of its own, whose memory is that of the bus. */
async function grown(kind: string, events: number, where = ''): Promise<unknown> {
  const args = ['--expose-gc', CHILD, kind, String(events), where];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 200_000 });
  const { handled, grownBytes } = JSON.parse(stdout) as { handled: number; grownBytes: number };
  return { handled, grownBytes: grownBytes < FEW_MIB ? 'few' : grownBytes };
}

describe('the memory of a bus does not grow with what goes through it', { timeout: 240_000 }, () => {
  test('embedded, 200,000 events', async () => {
    expect(await grown('memory', 200_000)).toEqual({ handled: 240_000, grownBytes: 'few' });
  });

  test('embedded on disk, 100,000 events', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bus-memory-'));
    expect(await grown('disk', 100_000, directory)).toEqual({ handled: 120_000, grownBytes: 'few' });
    await rm(directory, { recursive: true });
  });

  test.skipIf(redisMissing !== undefined)(`on Redis, 50,000 events ${redisMissing ?? ''}`, async () => {
    await using server = await RedisServer.start();
    const found = await grown('redis', 50_000, String(server.port));
    expect(found).toEqual({ handled: 60_000, grownBytes: 'few' });
  });
});
