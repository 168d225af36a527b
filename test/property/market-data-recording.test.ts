import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { BinanceDecoder } from '../../src/market-data/index.ts';
import { LineSplitter } from '../../src/market-data/line-splitter.ts';
import { receiveTimeMs } from '../../src/market-data/receive-time.ts';
import { BTC } from '../support/market-events.ts';
import { syntheticMarket, toLines } from '../support/synthetic-recording.ts';

const cuts = fc.array(
  fc.integer({ min: 0, max: 10_000 }).map((n) => n / 10_000),
  { maxLength: 20, size: 'max' },
);

function inPieces(bytes: Buffer, at: readonly number[]): readonly string[] {
  const splitter = new LineSplitter();
  const ends = [...at.map((fraction) => Math.floor(fraction * bytes.length)), bytes.length];
  let from = 0;
  const lines: string[] = [];
  for (const end of ends.sort((a, b) => a - b)) {
    lines.push(...splitter.push(bytes.subarray(from, end)));
    from = end;
  }
  return [...lines, ...splitter.end()];
}

describe('a recording', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));

  test.prop([fc.array(line), cuts])('has the same lines however its bytes arrive', (lines, at) => {
    const text = lines.map((each) => `${each}\n`).join('');
    expect(inPieces(Buffer.from(text), at)).toEqual(lines);
  });

  test.prop([fc.integer(), cuts])('has the same events however its bytes arrive', (seed, at) => {
    const { events } = syntheticMarket(seed, 150);
    const decoder = new BinanceDecoder([BTC]);
    const read = inPieces(Buffer.from(toLines(events).join('\n')), at).map((each) => {
      const [time = '', json = ''] = each.split(/ (.*)/);
      return decoder.decode(JSON.parse(json), receiveTimeMs(time));
    });
    expect(read).toEqual(events);
  });

  const nanoseconds = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999_999n });
  test.prop([nanoseconds, nanoseconds])('has receive times in order, within a microsecond', (a, b) => {
    const [first, second] = a < b ? [a, b] : [b, a];
    const ms = receiveTimeMs(String(first));
    expect(ms).toBeLessThanOrEqual(receiveTimeMs(String(second)));
    expect(Math.abs(ms - Number(first / 1_000n) / 1_000)).toBeLessThanOrEqual(0.002);
  });
});
