import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../examples/demo/run-report.ts';
import type { Level, MarketEvent } from '../../src/trading/index.ts';
import { lots, ticks } from '../../src/core/index.ts';
import { RECORDING, recordingMissing } from '../support/recorded-data.ts';
import { syntheticMarket, toFile } from '../support/synthetic-recording.ts';
import {
  type Ended,
  PRELOAD,
  flagsOfScript,
  folderOfTest,
  runExample,
  temporaryFolder,
} from './support/example.ts';

/** The synthetic market, dear and deep enough to be traded by the demo. */
function syntheticRecording(): string {
  const scaled = <T extends Level>(at: T): T => ({
    ...at,
    price: ticks(at.price + 5_990_000),
    quantity: lots(at.quantity * 1_000),
  });
  const dear = (event: MarketEvent): MarketEvent => {
    switch (event.type) {
      case 'trade':
        return scaled(event);
      case 'quote':
        return { ...event, bid: scaled(event.bid), ask: scaled(event.ask) };
      default:
        return { ...event, bids: event.bids.map(scaled), asks: event.asks.map(scaled) };
    }
  };
  return toFile(syntheticMarket(1, 5_000).events.map(dear));
}

/** The same with the quantity of the trade in the middle one step higher. */
function withOneTradeChanged(recording: string): string {
  const lines = recording.split('\n');
  const trades = lines.flatMap((line, i) => (line.includes('"e":"trade"') ? [i] : []));
  const at = trades[Math.floor(trades.length / 2)] ?? 0;
  lines[at] = (lines[at] ?? '').replace(/(?<="q":"\d+\.\d{4})\d/u, (digit) =>
    String((Number(digit) + 1) % 10),
  );
  return lines.join('\n');
}

const folder = temporaryFolder();
afterAll(folder.remove);

interface Subject {
  readonly name: string;
  readonly missing: string | undefined;
  read(): string;
  readonly messages: number;
  readonly minFills: number;
}

const subjects: readonly Subject[] = [
  {
    name: 'a synthetic recording',
    missing: undefined,
    read: syntheticRecording,
    messages: 4_238,
    minFills: 5,
  },
  {
    name: 'the recorded stream of a real exchange',
    missing: recordingMissing,
    read: () => gunzipSync(readFileSync(RECORDING)).toString('utf8'),
    messages: 41_249,
    minFills: 20,
  },
];

describe.each(subjects)('$name', ({ name, missing, read, messages, minFills }) => {
  const home = join(folder.path, name.replaceAll(' ', '-'));
  const path = (file: string): string => join(home, file);
  let recording = '';
  let runs: readonly Ended[] = [];
  const report = (run: string): RunReport =>
    JSON.parse(readFileSync(path(`${run}.json`), 'utf8')) as RunReport;
  const journal = (run: string): string => readFileSync(join(path(run), 'journal-00000001.jsonl'), 'utf8');

  const start = (run: string, file: string, preload: readonly string[] = []): Promise<Ended> =>
    runExample(
      'demo/main.ts',
      ['--recording', path(file), '--data-dir', path(run), '--json', path(`${run}.json`)],
      { flags: flagsOfScript('demo', 'demo/main.ts'), preload: [PRELOAD.watch, ...preload] },
    );

  beforeAll(async () => {
    if (missing !== undefined) return;
    mkdirSync(home);
    recording = read();
    const changed = withOneTradeChanged(recording);
    expect(changed).not.toBe(recording);
    writeFileSync(path('stream.log.gz'), gzipSync(recording));
    writeFileSync(path('unpacked.log'), recording);
    writeFileSync(path('changed.log'), changed);
    runs = await Promise.all([
      start('once', 'stream.log.gz'),
      start('again', 'unpacked.log', [PRELOAD.slowDisk, PRELOAD.later]),
      start('changed', 'changed.log'),
    ]);
  });

  test('is replayed to the end: exit code 0, no network, less than 300 MB', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    for (const { code, stderr, watched } of runs) {
      expect({ code, stderr, network: watched?.network }).toEqual({ code: 0, stderr: '', network: [] });
      expect(watched?.maxRssMb).toBeLessThan(300);
    }
  });

  test('has every message consumed', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const { events, title } = report('once');
    expect(events.total).toBe(messages);
    expect(events.snapshot + events.diff + events.quote + events.trade).toBe(messages);
    expect(title).toContain(`${messages.toLocaleString('en')} messages`);
    expect(runs[0]?.stdout).toContain(`events      ${messages.toLocaleString('en')} (`);
  });

  test('has every gate evaluated, and fills', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const { riskGates, executionGates, fills, audit } = report('once');
    const gates = [...riskGates, ...executionGates];
    expect(gates).toHaveLength(16);
    expect(gates.filter(({ checked }) => checked === 0)).toEqual([]);
    expect(fills.count).toBeGreaterThanOrEqual(minFills);
    expect(audit.verified).toBe(true);
  });

  test('measures the offset between the clocks', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    expect(report('once').clockOffsetMs).toBeGreaterThan(1_265);
    expect(report('once').clockOffsetMs).toBeLessThan(1_280);
  });

  test('gives the same journal byte for byte: packed or not, whatever the disk does, three years later', ({
    skip,
  }) => {
    if (missing !== undefined) skip(missing);
    expect(journal('again')).toBe(journal('once'));
    expect(report('again').journalDigest).toBe(report('once').journalDigest);
  });

  test('gives another digest when one trade is another', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    expect(report('changed').journalDigest).not.toBe(report('once').journalDigest);
  });

  test('is named in the first record of the journal, by the SHA-256 of its uncompressed content', ({
    skip,
  }) => {
    if (missing !== undefined) skip(missing);
    const sha256 = createHash('sha256').update(recording).digest('hex');
    const [first = ''] = journal('once').split('\n');
    expect(JSON.parse(first)).toMatchObject({
      seq: 1,
      r: { type: 'opened', input: { kind: 'recording', sha256, messages } },
    });
  });
});

describe('a bad recording', () => {
  const good = syntheticRecording();
  const lines = good.split('\n');
  const tradeAt = lines.findLastIndex((line) => line.includes('"e":"trade"'));
  /** The recording with its last trade changed: all before it is sound. */
  const changed = (change: (line: string) => string): string =>
    lines.map((line, i) => (i === tradeAt ? change(line) : line)).join('\n');
  const at = `line ${String(tradeAt + 1)}`;

  const cases: readonly [what: string, content: string | Buffer | undefined, message: RegExp][] = [
    ['a missing file', undefined, /: cannot be read: ENOENT/u],
    ['a truncated gzip', gzipSync(good).subarray(0, 50_000), /: line \d+: .*truncated$/u],
    [
      'a damaged line',
      changed((line) => line.slice(0, -9)),
      new RegExp(`: ${at}: message: expected JSON`, 'u'),
    ],
    [
      'a price between two ticks',
      changed((line) => line.replace(/(?<="p":"\d+\.\d\d)0/u, '5')),
      new RegExp(`: ${at}: .*\\bp\\b.*`, 'u'),
    ],
    [
      'an instrument that is not configured',
      changed((line) => line.replace('"s":"BTCUSDT"', '"s":"ETHUSDT"')),
      new RegExp(`: ${at}: .*\\bs\\b.*ETHUSDT`, 'u'),
    ],
    ['an empty file', '', /\.log: /u],
  ];

  test.each(cases)(
    '%s: one line with file, line and field, exit code 2, nothing written',
    async (_, content, message) => {
      const tmp = folderOfTest();
      const file = join(tmp, content instanceof Buffer ? 'bad.log.gz' : 'bad.log');
      if (content !== undefined) writeFileSync(file, content);
      const left = readdirSync(tmp);
      const run = await runExample(
        'demo/main.ts',
        ['--recording', file, '--data-dir', join(tmp, 'data'), '--json', join(tmp, 'report.json')],
        { tmp },
      );
      expect({ code: run.code, stdout: run.stdout, left: readdirSync(tmp) }).toEqual({
        code: 2,
        stdout: '',
        left,
      });
      expect(run.stderr.split('\n')).toEqual([expect.stringMatching(message), '']);
      expect(run.stderr.startsWith(file)).toBe(true);
    },
  );
});
