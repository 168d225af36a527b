import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Bars, firstDifference, streamed, SUBJECTS } from '../../indicators/subjects.ts';

const file = join(
  process.env['PORTCULLIS_DATA'] ?? '../shared/data',
  'binance-dashusdt-1m-2020-09-09.csv.gz',
);
const missing = existsSync(file) ? undefined : `no recording at ${file}: set PORTCULLIS_DATA`;

const readBars = (): Bars => {
  const rows = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1);
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => Number(row.split(',')[k]));
  return { high: column(2), low: column(3), close: column(4) };
};

describe('a recorded week of one-minute bars', () => {
  test.for(SUBJECTS)('$name: the stream gives the bits of the batch', (subject, { skip }) => {
    if (missing !== undefined) skip(missing);
    const bars = readBars();
    const stream = streamed(subject.make(), bars);
    subject.batch(bars).forEach((column, k) => {
      expect(column).toHaveLength(10_080);
      expect(firstDifference(column, stream[k] ?? new Float64Array())).toBe(-1);
    });
  });
});
