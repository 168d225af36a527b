import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Ended,
  flagsOfScript,
  folderOfTest,
  runExample,
  startExample,
  temporaryFolder,
} from './support/example.ts';

const flags = flagsOfScript('demo', 'demo/main.ts');

/** Whether a process is there. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm run demo -- --kill', () => {
  let run: Ended;
  let left: readonly string[];
  /** The numbers in a line of the output, in order. */
  const numbers = (pattern: RegExp): number[] => {
    const found = pattern.exec(run.stdout);
    if (found === null) throw new Error(`expected ${String(pattern)} in ${run.stdout}`);
    return found.slice(1).map(Number);
  };

  beforeAll(async () => {
    const folder = temporaryFolder();
    run = await runExample('demo/main.ts', ['--kill', '--seed', '3'], { flags, tmp: folder.path });
    left = readdirSync(folder.path);
    folder.remove();
  });

  test('ends by itself, with exit code 0, and leaves nothing behind', () => {
    expect({ code: run.code, stderr: run.stderr, left }).toEqual({ code: 0, stderr: '', left: [] });
    expect(run.tookMs).toBeLessThan(60_000);
  });

  test('kills a trading process that has traded', () => {
    const [orders = 0, fills = 0] = numbers(
      /^ {2}killed with SIGKILL, an order on its way; (\d+) orders and (\d+) fills so far$/mu,
    );
    expect(Math.min(orders, fills)).toBeGreaterThan(5);
  });

  test('tells what the second one finds: orders in doubt, fills that it missed, and how long that took', () => {
    const [missed = 0] = numbers(/^the exchange goes on: (\d+) fills that nobody hears of$/mu);
    expect(missed).toBeGreaterThan(0);
    const [records = 0, inDoubt = 0] = numbers(
      /^ {2}(\d+) journal records replayed, (\d+) in doubt, kill switch active$/mu,
    );
    expect(records).toBeGreaterThan(20);
    expect(inDoubt).toBeGreaterThan(0);
    const [found = 0] = numbers(/^ {2}reconciled with the exchange in \d+ ms: .*\bFILL_MISSED (\d+)/mu);
    expect(found).toBeGreaterThanOrEqual(missed);
    expect(run.stdout.match(/^ {2}ready \d+ ms after its start$/gmu)).toHaveLength(2);
  });

  test("ends with a Book that is what the exchange's fills add up to", () => {
    const table = run.stdout.slice(run.stdout.indexOf("the exchange's fills"));
    for (const name of ['position', 'cash', 'fees']) {
      const [ours = 'none', theirs = 'no'] =
        new RegExp(`^${name} +([\\d.]+) +([\\d.]+)$`, 'mu').exec(table)?.slice(1) ?? [];
      expect(ours, name).toBe(theirs);
    }
    expect(run.stdout.endsWith('\nequal to the last digit\n')).toBe(true);
  });
});

test('Ctrl-C ends the exchange and the trader with it', async () => {
  const tmp = folderOfTest();
  const { child, stdout, ended } = startExample('demo/main.ts', ['--kill'], { flags, tmp });
  while (!stdout().includes('ready')) await sleep(10);
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  const pids = [...stdout().matchAll(/\b(?:process|trader) (\d+)\b/gu)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(2);
  while (pids.some(lives)) await sleep(10);
  expect(readdirSync(tmp)).toEqual([]);
});
