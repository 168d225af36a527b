import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';
import { RedisServer, redisMissing } from '../support/redis-server.ts';
import { folderOfTest, runExample } from './support/example.ts';

const FILE = 'events/main.ts';

/** What happens is the same on both: this is what the contract is for. */
const STORY = [
  'published 301, of 302: one signal was sent twice, duplicates 1',
  'signal: handled after 3 attempts, 1 time',
  'restart in the middle: true',
  'bars handled: 299 of 300, twice 0, by 2 members',
  'each instrument in order: true',
  'dead letter: ATTEMPTS_EXHAUSTED after 3 attempts: a close of 0 is not a price',
  'fixed and requeued: 300 of 300, as the last of its instrument: true',
  'replay: 300 bars, complete: true, the group stays where it is: true',
  'dead letters left: 0',
  '',
];

describe('bars and signals through a bus, with what goes wrong on the way', { timeout: 60_000 }, () => {
  test('on the embedded bus, and leaves nothing on the disk', async () => {
    const tmp = folderOfTest();
    const { code, stdout, stderr } = await runExample(FILE, [], { tmp });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual(['on the embedded bus, on disk', ...STORY]);
    expect(globSync('portcullis-events-*', { cwd: tmp })).toEqual([]);
  });

  test.skipIf(redisMissing !== undefined)(`on Redis, twice on one server ${redisMissing ?? ''}`, async () => {
    await using server = await RedisServer.start();
    for (let run = 0; run < 2; run++) {
      const { code, stdout, stderr } = await runExample(FILE, ['--redis', server.url]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toEqual(['on Redis', ...STORY]);
    }
  });
});

test('a server that is not there: it says so, and does not claim success', async () => {
  const { code, stdout, stderr } = await runExample(FILE, ['--redis', 'redis://127.0.0.1:9']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'on Redis\n' });
  expect(stderr).toContain('BUS_UNAVAILABLE');
});

test('it can be read in one sitting: under 250 lines in all', () => {
  const folder = join(root, 'examples/events');
  const lines = globSync('*.ts', { cwd: folder }).map(
    (file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length,
  );
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(250);
});
