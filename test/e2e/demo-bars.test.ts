import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../examples/demo/run-report.ts';
import { decimal } from '../../src/core/index.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { type Ended, PRELOAD, flagsOfScript, runExample, temporaryFolder } from './support/example.ts';

const HEADER = 'open_time_ms,open,high,low,close,volume';
const BAR_MS = 60_000;
const START_MS = Date.UTC(2024, 0, 2);

/** A day of bars that swing, so that both strategies find something to do. */
function syntheticBars(count: number): string[] {
  const random = new SeededRandom(5);
  let close = 8_000;
  return Array.from({ length: count }, (_, n) => {
    const open = close;
    close = Math.round(8_000 + 300 * Math.sin(n / 60) + 15 * random.normal());
    const [high, low] = [
      Math.max(open, close) + random.integer(0, 6),
      Math.min(open, close) - random.integer(0, 6),
    ];
    const volume = `${random.integer(10, 60)}.${String(random.integer(0, 99)).padStart(2, '0')}`;
    const prices = [open, high, low, close].map((price) => (price / 100).toFixed(2));
    return [START_MS + n * BAR_MS, ...prices, volume].join(',');
  });
}

const BARS = syntheticBars(1_000);

const folder = temporaryFolder();
afterAll(folder.remove);

const flags = flagsOfScript('demo', 'demo/main.ts');
const play = (file: string, args: readonly string[] = []): Promise<Ended> =>
  runExample('demo/main.ts', ['--bars', file, ...args], {
    flags,
    preload: [PRELOAD.watch],
    tmp: folder.path,
  });

/** Of a real exchange; not part of the repository. */
const REAL = resolve(
  process.env['PORTCULLIS_DATA'] ?? '../shared/data',
  'binance-dashusdt-1m-2020-09-09.csv.gz',
);
const missing = existsSync(REAL) ? undefined : `no bars at ${REAL}: set PORTCULLIS_DATA`;

describe.each([
  {
    name: 'bars that swing',
    missing: undefined,
    file: (): string => {
      const file = join(folder.path, 'abcusd-1m.csv');
      writeFileSync(file, `${[HEADER, ...BARS].join('\n')}\n`);
      return file;
    },
    bars: 1_000,
    instrument: 'ABCUSD',
    currency: 'USD',
  },
  {
    name: 'a recorded week',
    missing,
    file: (): string => REAL,
    bars: 10_080,
    instrument: 'DASHUSDT',
    currency: 'USDT',
  },
])('npm run demo -- --bars, $name', ({ name, missing: why, file, bars, instrument, currency }) => {
  describe.skipIf(why !== undefined)(why ?? '', () => {
    let run: Ended;
    let report: RunReport;

    beforeAll(async () => {
      const json = join(folder.path, `${name.replaceAll(' ', '-')}.json`);
      run = await play(file(), ['--json', json]);
      expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
      report = JSON.parse(readFileSync(json, 'utf8')) as RunReport;
    });

    test('ends by itself, without network, in less than 220 MB', () => {
      expect(run.tookMs).toBeLessThan(60_000);
      expect(run.watched?.network).toEqual([]);
      expect(run.watched?.maxRssMb).toBeLessThan(220);
    });

    test('says what spread and depth it was played with', () => {
      const model = `${String(bars)} bars of 60000 ms played in 12 steps each; half spread 2 bps, at least one tick; 5 levels a side`;
      expect(report.model?.slice(0, model.length)).toBe(model);
      expect(run.stdout).toContain(`\n${instrument}: ${report.title}\nmodel       ${report.model ?? ''}\n`);
    });

    test('rebuilds the bars, and lets both strategies trade them in the currency they are quoted in', () => {
      expect(report.bars).toBe(bars - 1); // the last has not been seen to end
      expect(report.currency).toBe(currency);
      expect(report.strategies.map(({ strategyId, instrumentId }) => [strategyId, instrumentId])).toEqual([
        ['band-reversion', instrument],
        ['channel-breakout', instrument],
      ]);
      expect(Math.min(...report.strategies.map(({ fills }) => fills))).toBeGreaterThan(0);
      const total = report.strategies.reduce((sum, { profit }) => sum.plus(profit), decimal('0'));
      expect(total.toFixed()).toBe(
        decimal(report.account.realised).plus(report.account.unrealised).toFixed(),
      );
      expect(report.anomalies).toEqual([]);
    });
  });
});

describe('the same bars', () => {
  test('give the same run, packed or not, and the journal says which bars and which model', async () => {
    const text = `${[HEADER, ...BARS.slice(0, 200)].join('\n')}\n`;
    const plain = join(folder.path, 'plain-abcusd.csv');
    const packed = join(folder.path, 'packed-abcusd.csv.gz');
    writeFileSync(plain, text);
    writeFileSync(packed, gzipSync(text));
    const [first, second, other] = await Promise.all([
      play(plain, ['--data-dir', join(folder.path, 'first')]),
      play(plain, ['--data-dir', join(folder.path, 'second')]),
      play(packed, ['--data-dir', join(folder.path, 'packed')]),
    ]);
    expect([first.code, second.code, other.code]).toEqual([0, 0, 0]);
    const journal = (at: string): string[] =>
      readFileSync(join(folder.path, at, 'journal-00000001.jsonl'), 'utf8').split('\n');
    expect(journal('second')).toEqual(journal('first'));
    expect(JSON.parse(journal('first')[0] ?? '')).toMatchObject({
      r: {
        type: 'opened',
        input: {
          kind: 'bars',
          sha256: createHash('sha256').update(text).digest('hex'),
          settings: { intervalMs: BAR_MS, halfSpreadBps: 2 },
        },
      },
    });
    // The bytes of the file differ, and nothing else.
    const traded = (at: string): number => journal(at).length;
    expect(traded('packed')).toBe(traded('first'));
  });
});

describe('bars that cannot be', () => {
  const lines = BARS.slice(0, 5);
  const withLine = (at: number, change: (fields: string[]) => string[]): string =>
    [HEADER, ...lines.map((line, n) => (n === at ? change(line.split(',')).join(',') : line))].join('\n');
  const field = (at: number, value: string) => (fields: string[]) =>
    fields.map((text, n) => (n === at ? value : text));

  const refused: readonly [what: string, text: string, message: RegExp][] = [
    [
      'another header',
      `time,open\n${lines.join('\n')}`,
      /: line 1: header: expected open_time_ms,.*, got "time,open"$/u,
    ],
    [
      'a price that is none',
      withLine(2, field(1, 'x')),
      /: line 4: open: expected a positive decimal .*, got "x"$/u,
    ],
    [
      'a price off the tick',
      withLine(1, field(4, '80.001')),
      /: line 3: close: .*tick 0\.01, got "80\.001"$/u,
    ],
    ['a low above the close', withLine(3, field(3, '99.00')), /: line 5: .*: expected .*, got "[\d.]+"$/u],
    ['a negative volume', withLine(0, field(5, '-1')), /: line 2: volume: expected a decimal of 0 or more/u],
    ['a bar twice', [HEADER, lines[0], lines[0]].join('\n'), /: line 3: open_time_ms: .*there twice/u],
    ['a missing column', withLine(4, (fields) => fields.slice(0, 5)), /: line 6: line: expected 6 columns/u],
    ['no bars', HEADER, /: line 2: line: expected at least one bar/u],
  ];
  test.each(refused)(
    '%s: one line that says where, exit code 2, nothing written',
    async (_, text, message) => {
      const file = join(folder.path, 'wrong-abcusd.csv');
      writeFileSync(file, `${text}\n`);
      const data = join(folder.path, 'never');
      const { code, stdout, stderr } = await play(file, ['--data-dir', data]);
      expect({ code, stdout, written: existsSync(data) }).toEqual({ code: 2, stdout: '', written: false });
      expect(stderr.split('\n')).toEqual([expect.stringMatching(message), '']);
      expect(stderr).toContain(file);
    },
  );

  test('a file that is not there', async () => {
    const { code, stderr } = await play(join(folder.path, 'nothing.csv'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/nothing\.csv: cannot be read: .*\n$/u);
  });

  test('a grid of its own is taken', async () => {
    const file = join(folder.path, 'coarse-abcusd.csv');
    writeFileSync(file, `${[HEADER, ...BARS.slice(0, 60)].join('\n')}\n`);
    const wrong = await play(file, ['--tick', '0.5']);
    expect(wrong.stderr).toMatch(/on the tick 0\.5, got/u);
    const right = await play(file, ['--tick', '0.01', '--step', '0.01']);
    expect({ code: right.code, stderr: right.stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('leaves no temporary folder behind', () => {
  expect(readdirSync(folder.path).filter((name) => name.startsWith('portcullis-demo-'))).toEqual([]);
});
