import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FileAppendLog } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const CHILD = fileURLToPath(new URL('storage-children/append.ts', import.meta.url));

/** Lets a process append until it has acknowledged `records`, then kills it without warning; the last it told of. */
async function appendAndKill(directory: string, segmentBytes: number, records: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, directory, String(segmentBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  let count = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    told += chunk.toString();
    count += chunk.toString().split('\n').length - 1;
    if (count >= records && !child.killed) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return Number(told.trimEnd().split('\n').at(-1));
}

describe('a process killed in the middle of appends', () => {
  test.each([
    ['one segment', 1_000_000_000],
    ['many segments', 20_000],
  ])('leaves every acknowledged record, %s', async (_, segmentBytes) => {
    const directory = await temporaryDirectory();
    let before = 0;
    for (const records of [1, 50, 333]) {
      const acknowledged = await appendAndKill(directory, segmentBytes, records);
      expect(acknowledged).toBeGreaterThanOrEqual(before + records);

      const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes });
      expect(log.openReport.records).toBeGreaterThanOrEqual(acknowledged);
      let seen = 0;
      for await (const { seq, record } of log.read()) {
        seen += 1;
        expect([seq, record]).toEqual([
          seen,
          expect.objectContaining({ lane: expect.any(Number) as unknown }),
        ]);
      }
      expect(seen).toBe(log.openReport.records);
      before = seen;
      await log.close();
    }
  });
});
