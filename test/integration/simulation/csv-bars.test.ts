import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CsvBarsOptions, type GridBar, barsFromCsv } from '../../../src/simulation/index.ts';
import { defineInstrument } from '../../../src/trading/index.ts';
import { BARS_FILE, barsMissing } from '../../support/recorded-bars.ts';
import { bar } from '../../simulation/bars.ts';

const HEADER = 'open_time_ms,open,high,low,close,volume';
const ROWS = [
  '1599609600000,74.73000000,74.76000000,74.73000000,74.76000000,5.42808000',
  '1599609660000,74.69000000,74.76000000,74.67000000,74.76000000,21.92649000',
  '1599609720000,74.80000000,74.80000000,74.61000000,74.62000000,60.82819000',
] as const;
const BARS = [
  bar(7_473, 7_476, 7_473, 7_476, 542_808, 1_599_609_600_000),
  bar(7_469, 7_476, 7_467, 7_476, 2_192_649, 1_599_609_660_000),
  bar(7_480, 7_480, 7_461, 7_462, 6_082_819, 1_599_609_720_000),
];

const instrument = defineInstrument({
  instrumentId: 'DASHUSDT',
  base: 'DASH',
  quote: 'USDT',
  tick: '0.01',
  step: '0.00001',
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-bars-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
const read = async (content: string | Buffer, options: CsvBarsOptions = {}): Promise<readonly GridBar[]> => {
  files += 1;
  const path = join(folder, `${files}.csv`);
  await writeFile(path, content);
  return barsFromCsv(path, { instrument, ...options });
};
const lines = (...rows: readonly string[]): string => [HEADER, ...rows, ''].join('\n');
/** The second row with one field replaced. */
const second = (column: number, value: string): string =>
  lines(ROWS[0], ROWS[1].split(',').map((field, i) => (i === column ? value : field)).join(','), ROWS[2]); // prettier-ignore

describe('barsFromCsv', () => {
  test('reads prices in ticks and volume in lots, exactly', async () => {
    expect(await read(lines(...ROWS))).toEqual(BARS);
  });

  test.for<[string, string | Buffer]>([
    ['with gzip', gzipSync(lines(...ROWS))],
    ['with a byte order mark', `\uFEFF${lines(...ROWS)}`],
    ['with CRLF', lines(...ROWS).replaceAll('\n', '\r\n')],
    ['without a newline at the end', lines(...ROWS).trimEnd()],
    ['with gzip, a byte order mark and CRLF', gzipSync(`\uFEFF${lines(...ROWS)}`.replaceAll('\n', '\r\n'))],
  ])('reads the same %s', async ([, content]) => {
    expect(await read(content)).toEqual(BARS);
  });

  test.for<[string, string, string]>([
    ['an empty file', '', `line 1: header: expected ${HEADER}, got ""`],
    [
      'columns in another order',
      lines().replace('high,low', 'low,high'),
      `line 1: header: expected ${HEADER}, got "open_time_ms,open,low,high,close,volume"`,
    ],
    ['no bars', lines(), 'line 2: line: expected at least one bar, got ""'],
    [
      'a column too few',
      lines(ROWS[0], '1599609660000,74.69,74.76,74.67,74.76'),
      'line 3: line: expected 6 columns, got "1599609660000,74.69,74.76,74.67,74.76"',
    ],
    [
      'a column too many',
      second(5, '1,2'),
      'line 3: line: expected 6 columns, got "1599609660000,74.69000000,74.76000000,74.67000000,74.7600000..."',
    ],
    ['an empty line in the middle', lines(ROWS[0], '', ROWS[1]), 'line 3: line: expected 6 columns, got ""'],
    [
      'a time in words',
      second(0, '2020-09-09'),
      'line 3: open_time_ms: expected milliseconds since 1970, whole, got "2020-09-09"',
    ],
    [
      'a time with an exponent',
      second(0, '1e12'),
      'line 3: open_time_ms: expected milliseconds since 1970, whole, got "1e12"',
    ],
    [
      'a price that is none',
      second(1, 'NaN'),
      'line 3: open: expected a positive decimal on the tick 0.01, got "NaN"',
    ],
    [
      'a price of nothing',
      second(2, '0'),
      'line 3: high: expected a positive decimal on the tick 0.01, got "0"',
    ],
    [
      'a price between two ticks',
      second(3, '74.671'),
      'line 3: low: expected a positive decimal on the tick 0.01, got "74.671"',
    ],
    [
      'a negative price',
      second(4, '-74.76'),
      'line 3: close: expected a positive decimal on the tick 0.01, got "-74.76"',
    ],
    [
      'a quoted price',
      second(4, '"74.76"'),
      'line 3: close: expected a positive decimal on the tick 0.01, got "\\"74.76\\""',
    ],
    [
      'a price with a space',
      second(1, ' 74.69'),
      'line 3: open: expected a positive decimal on the tick 0.01, got " 74.69"',
    ],
    [
      'a volume between two steps',
      second(5, '0.000001'),
      'line 3: volume: expected a decimal of 0 or more on the step 0.00001, got "0.000001"',
    ],
    [
      'no volume',
      second(5, ''),
      'line 3: volume: expected a decimal of 0 or more on the step 0.00001, got ""',
    ],
    [
      'too little volume for its prices',
      second(5, '0.00001'),
      'line 3: volume: expected at least 3 steps, to trade at each of its prices, got "0.00001"',
    ],
    [
      'a high below the close',
      second(2, '74.75'),
      'line 3: high: expected at least open, low and close, got "74.75"',
    ],
    ['a low above the open', second(3, '74.70'), 'line 3: low: expected at most open and close, got "74.70"'],
    [
      'a bar twice',
      lines(ROWS[0], ROWS[0]),
      'line 3: open_time_ms: expected 1599609660000; this bar is there twice, got "1599609600000"',
    ],
    [
      'bars out of order',
      lines(ROWS[1], ROWS[2], ROWS[0]),
      'line 4: open_time_ms: expected 1599609780000; this bar is out of order, got "1599609600000"',
    ],
    [
      'a bar between two',
      second(0, '1599609630000'),
      'line 3: open_time_ms: expected 1599609660000; this bar is out of order, got "1599609630000"',
    ],
    [
      'a missing bar',
      lines(ROWS[0], ROWS[2]),
      'line 3: open_time_ms: expected 1599609660000; bars are missing before this one, got "1599609720000"',
    ],
  ])('refuses %s, with line, field, value and what was expected', async ([, content, message]) => {
    await expect(read(content)).rejects.toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: `${join(folder, `${files}.csv`)}: ${message}`,
      }),
    );
  });

  test('says the place as facts too', async () => {
    await expect(read(second(1, 'x'))).rejects.toThrow(
      expect.objectContaining({
        details: {
          file: join(folder, `${files}.csv`),
          line: 3,
          field: 'open',
          expected: 'a positive decimal on the tick 0.01',
          value: '"x"',
        },
      }),
    );
  });

  test('takes gaps when told to, and still neither duplicates nor disorder', async () => {
    expect(await read(lines(ROWS[0], ROWS[2]), { gaps: 'keep' })).toEqual([BARS[0], BARS[2]]);
    await expect(read(lines(ROWS[0], ROWS[0]), { gaps: 'keep' })).rejects.toThrow('twice');
    await expect(read(lines(ROWS[1], ROWS[0]), { gaps: 'keep' })).rejects.toThrow('out of order');
  });

  test('reads bars of another length', async () => {
    expect(await read(lines(ROWS[0], ROWS[2]), { intervalMs: 120_000 })).toHaveLength(2);
  });

  test('refuses gzip data that is cut short, and a file that is not there', async () => {
    const whole = gzipSync(lines(...ROWS));
    await expect(read(whole.subarray(0, -12))).rejects.toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('expected whole gzip data') as string,
      }),
    );
    await expect(barsFromCsv(join(folder, 'none.csv'), { instrument })).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE' }),
    );
  });

  test('refuses a misspelt option', async () => {
    await expect(read(lines(...ROWS), { gap: 'keep' } as CsvBarsOptions)).rejects.toThrow(
      /barsFromCsv: .*gap/,
    );
  });

  test('reads a recorded week', async ({ skip }) => {
    if (barsMissing !== undefined) skip(barsMissing);
    const bars = await barsFromCsv(BARS_FILE, { instrument });
    expect(bars).toHaveLength(10_080);
    expect(bars.slice(0, 3)).toEqual(BARS);
  });
});
