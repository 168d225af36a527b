import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';
import { type Ended, runExample } from './support/example.ts';

const FILE = 'fetch-data/main.ts';
const COLUMNS = ['calls', 'l1', 'origin', 'stale', 'failed', 'retried', 'p50', 'p99'] as const;

/** The rows of the printed table, by caller. */
const rowsOf = (stdout: string): Record<string, Record<(typeof COLUMNS)[number], number>> =>
  Object.fromEntries(
    [...stdout.matchAll(/^([A-Z]+ [a-z]+) +([\d ]+)$/gmu)].map(([, caller = '', cells = '']) => [
      caller,
      Object.fromEntries(cells.split(/ +/u).map((cell, at) => [COLUMNS[at], Number(cell)])),
    ]),
  );

/** A counter that was printed; 0 for one that was not. */
const counter = (stdout: string, series: string): number =>
  Number(
    stdout
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );

describe('fetching from a source that misbehaves', () => {
  let run: Ended;
  beforeAll(async () => {
    run = await runExample(FILE);
  });

  test('ends well within 15 s', () => {
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(run.tookMs).toBeLessThan(15_000);
  });

  test('says what the source does, and what the circuit made of it, to the end', () => {
    const news = [...run.stdout.matchAll(/^ +[\d.]+ s {2}the source (.*)$/gmu)].map(([, what]) => what);
    expect(news).toEqual([
      'answers 503',
      'is well',
      'answers 429: come back in 1 s',
      'is well',
      'says nothing',
      'is well',
      'answers garbage',
      'is well',
      'is not there',
      'is well',
    ]);
    const states = [...run.stdout.matchAll(/s {4}binance has been (\S+) for/gmu)].map(([, state]) => state);
    expect(states).toContain('open');
    expect(states.at(-1)).toBe('closed');
  });

  test('every call is in the table once, and each failure has its code', () => {
    const rows = rowsOf(run.stdout);
    expect(Object.keys(rows)).toEqual(['BTCUSDT critical', 'ETHUSDT normal', 'SOLUSDT low']);
    let failed = 0;
    for (const row of Object.values(rows)) {
      expect(row.l1 + row.origin + row.stale + row.failed).toBe(row.calls);
      expect(row.calls).toBeGreaterThan(50);
      expect(row.l1).toBeGreaterThan(0);
      expect(row.origin).toBeGreaterThan(0);
      expect(row.p50).toBeLessThanOrEqual(row.p99);
      failed += row.failed;
    }
    const codes = [
      ...(/^failed: (.*)$/mu.exec(run.stdout)?.[1] ?? '').matchAll(/[A-Z_]+(?: \d{3})? (\d+)/gu),
    ];
    expect(codes.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(failed);
    expect(failed).toBeGreaterThan(0);
  });

  test('old data bridged a gap, retries were made, and the source was spared', () => {
    const rows = Object.values(rowsOf(run.stdout));
    const sum = (column: (typeof COLUMNS)[number]) => rows.reduce((total, row) => total + row[column], 0);
    expect(sum('stale')).toBeGreaterThan(0);
    expect(sum('retried')).toBeGreaterThan(0);
    expect(counter(run.stdout, 'trading_retries_total{target="binance",outcome="retried"}')).toBeGreaterThan(
      0,
    );
    expect(
      counter(run.stdout, 'trading_circuit_breaker_transitions_total{target="binance",to="open"}'),
    ).toBeGreaterThanOrEqual(2);
    const seen = Number(/requests that the source saw: (\d+)/u.exec(run.stdout)?.[1]);
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(sum('calls'));
  });
});

test('a real source that cannot be asked: it says so, and does not claim success', async () => {
  const { code, stdout, stderr } = await runExample(FILE, ['--url', 'http://127.0.0.1:9']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const failed = Object.values(rowsOf(stdout)).reduce((sum, row) => sum + row.failed, 0);
  expect(failed).toBeGreaterThan(0);
  expect(stdout).toContain(`failed: ADDRESS_REFUSED ${failed}`);
});

test('it can be read in one sitting: under 200 lines in all', () => {
  const folder = join(root, 'examples/fetch-data');
  const lines = globSync('*.ts', { cwd: folder }).map(
    (file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length,
  );
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(200);
});
