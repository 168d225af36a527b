import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import { Recording } from '../../../src/market-data/index.ts';
import type { MarketEvent } from '../../../src/trading/index.ts';
import { BTC } from '../../support/market-events.ts';
import { syntheticMarket, toFile, toLines } from '../../support/synthetic-recording.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-recording-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const file = (content: string | Buffer, ending = 'log'): string => {
  files += 1;
  const path = join(folder, `${files}.${ending}`);
  writeFileSync(path, content);
  return path;
};
const open = (path: string): Promise<Recording> => Recording.open(path, { instruments: [BTC] });

async function read(recording: Recording): Promise<readonly MarketEvent[]> {
  const all: MarketEvent[] = [];
  for await (const events of recording.batches()) all.push(...events);
  return all;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PortcullisError)
      return { code: error.code, message: error.message, details: error.details };
    return error;
  }
  return 'nothing thrown';
}

const { events } = syntheticMarket(1, 400);
const text = toFile(events);

describe('Recording', () => {
  test('tells digest, number of messages and times before the first event', async () => {
    const path = file(text);
    expect(await open(path)).toMatchObject({
      path,
      sha256: createHash('sha256').update(text).digest('hex'),
      messages: events.length,
      firstReceivedMs: events[0]?.receivedMs,
      lastReceivedMs: events.at(-1)?.receivedMs,
    });
  });

  test('gives the events that were recorded', async () => {
    expect(await read(await open(file(text)))).toEqual(events);
  });

  test('gives the same from gzip, the digest included', async () => {
    const plain = await open(file(text));
    const zipped = await open(file(gzipSync(text), 'log.gz'));
    expect(zipped.sha256).toBe(plain.sha256);
    expect(await read(zipped)).toEqual(events);
  });

  test('can be read again', async () => {
    const recording = await open(file(text));
    await read(recording);
    expect(await read(recording)).toEqual(events);
  });

  test('can be left in the middle', async () => {
    const recording = await open(file(text.repeat(20)));
    for await (const batch of recording.batches()) {
      expect(batch.length).toBeLessThan(recording.messages);
      break;
    }
    expect(await read(recording)).toHaveLength(recording.messages);
  });

  test('is a feed by the name of its file, and ends without an error when it is aborted', async () => {
    const path = file(text.repeat(20));
    const recording = await open(path);
    const controller = new AbortController();
    const sizes: number[] = [];
    for await (const batch of recording.batches(controller.signal)) {
      sizes.push(batch.length);
      controller.abort();
    }
    expect(sizes).toHaveLength(1);
    expect(sizes[0]).toBeLessThan(recording.messages);
    expect(recording.name).toBe(basename(path));
  });

  test('needs no newline at the end', async () => {
    const recording = await open(file(text.trimEnd()));
    expect(recording.messages).toBe(events.length);
    expect(await read(recording)).toEqual(events);
  });

  test('another digest for one changed trade', async () => {
    const other = text.replace('"m":true', '"m":false');
    expect((await open(file(other))).sha256).not.toBe((await open(file(text))).sha256);
  });

  test('verifies every message, and counts them by kind', async () => {
    const count = (type: MarketEvent['type']): number => events.filter((event) => event.type === type).length;
    const counts = {
      snapshot: 1,
      diff: count('diff'),
      quote: count('quote'),
      trade: count('trade'),
    };
    expect(await (await open(file(text))).verify()).toEqual(counts);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });
});

describe('Recording refuses', () => {
  test('a missing file', async () => {
    const path = join(folder, 'missing.log');
    expect(await failure(open(path))).toEqual({
      code: 'FILE_UNREADABLE',
      message: `${path}: cannot be read: ENOENT: no such file or directory, open '${path}'`,
      details: { file: path },
    });
  });

  test('a folder', async () => {
    expect(await failure(open(folder))).toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  test.each([
    ['log', ''],
    ['log.gz', gzipSync('')],
  ])('an empty file: .%s', async (ending, content) => {
    const path = file(content, ending);
    expect(await failure(open(path))).toEqual({
      code: 'INPUT_INVALID',
      message: `${path}: expected at least one message, got an empty file`,
      details: { file: path },
    });
  });

  test.each([0, 1, 10, 500, -20, -8, -1])('gzip that is cut short, at %d', async (end) => {
    const path = file(gzipSync(text).subarray(0, end), 'log.gz');
    expect(await failure(open(path))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(
        /line \d+: expected more gzip data, got its end: the file is truncated$/,
      ) as string,
      details: { file: path, line: expect.any(Number) as number },
    });
  });

  test('gzip that is damaged, found by its checksum', async () => {
    const bytes = gzipSync(text);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 8) ^ 1, bytes.length - 8);
    const path = file(bytes, 'log.gz');
    expect(await failure(open(path))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(
        /line \d+: expected gzip data, but it is damaged: incorrect data check$/,
      ) as string,
      details: { file: path },
    });
  });

  test('a plain file that is named as gzip', async () => {
    const path = file(text, 'log.gz');
    expect(await failure(open(path))).toMatchObject({
      message: `${path}: line 1: expected gzip data, but it is damaged: incorrect header check`,
    });
  });

  test('a line without end', async () => {
    const path = file(`${text}${'x'.repeat(17 * 1024 * 1024)}`);
    expect(await failure(open(path))).toMatchObject({
      code: 'INPUT_INVALID',
      message: `${path}: line ${events.length + 1}: expected a line of at most 16777216 bytes`,
    });
  });

  test.each([
    ['first', `x ${text}`, 1, '"x"'],
    ['last', `${text}{}\n`, events.length + 1, '"{}"'],
    ['negative', `-5 {}\n`, 1, '"-5"'],
  ])('a receive time that is none, at once: %s', async (_which, content, line, value) => {
    const path = file(content);
    const expected = 'nanoseconds since 1970 before a blank';
    expect(await failure(open(path))).toEqual({
      code: 'INPUT_INVALID',
      message: `${path}: line ${line}: receive time: expected ${expected}, got ${value}`,
      details: { file: path, line, field: 'receive time', expected, value },
    });
  });

  const withLine = (bad: string): string => {
    const lines = [...toLines(events)];
    lines[41] = bad;
    return `${lines.join('\n')}\n`;
  };
  test.each([
    ['no JSON', '1700000000000000000 {"stream":', 'message', 'JSON', '"{\\"stream\\":"'],
    ['a blank line', '', 'receive time', 'nanoseconds since 1970 before a blank', '""'],
    [
      'a price off the grid',
      '1700000000000000000 {"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1.005","B":"1","a":"1.01","A":"1"}}',
      'data.b',
      'a decimal as text, a multiple of the tick 0.01',
      '"1.005"',
    ],
  ])('a bad line with file, line and field: %s', async (_what, bad, field, expected, value) => {
    const path = file(withLine(bad));
    const recording = await open(path);
    expect(await failure(recording.verify())).toEqual({
      code: 'INPUT_INVALID',
      message: `${path}: line 42: ${field}: expected ${expected}, got ${value}`,
      details: { file: path, line: 42, field, expected, value },
    });
  });

  test('an instrument that is not configured', async () => {
    const path = file(withLine('1700000000000000000 {"stream":"ethusdt@trade","data":{}}'));
    expect(await failure((await open(path)).verify())).toMatchObject({
      code: 'INSTRUMENT_UNKNOWN',
      message: `${path}: line 42: stream: expected a configured instrument, one of BTCUSDT, got "ethusdt@trade"`,
    });
  });

  test('a file that has changed since it was opened', async () => {
    const path = file(text);
    const recording = await open(path);
    writeFileSync(path, text.replace('"m":true', '"m":false'));
    expect(await failure(read(recording))).toMatchObject({
      code: 'INPUT_INVALID',
      message: `${path}: the file has changed since it was opened`,
    });
  });

  test('instruments that cannot be told apart, before it looks at the file', async () => {
    expect(await failure(Recording.open('missing.log', { instruments: [] }))).toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
