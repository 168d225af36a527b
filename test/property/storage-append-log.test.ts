import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type AppendLog, FileAppendLog } from '../../src/storage/index.ts';
import { encodeLine, parseLine, startOfRecord } from '../../src/storage/log-line.ts';
import { ScriptedFs, systemError } from '../storage/support/scripted-fs.ts';
import { runs } from '../support/runs.ts';

async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function recordsOf(log: AppendLog): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const { record } of log.read()) records.push(record);
  return records;
}

const RECORDS = [{ state: 'submitting', quantity: '1.5' }, 'é', [null, 7]];
const LINES = RECORDS.map((record, at) => Buffer.from(encodeLine(at + 1, JSON.stringify(record))));
const FILE = Buffer.concat(LINES);
const LAST_LINE = FILE.length - (LINES.at(-1)?.length ?? 0);

describe('FileAppendLog', () => {
  test.prop([fc.nat(FILE.length - 1), fc.integer({ min: 1, max: 255 })], runs(2_000))(
    'any byte changed into any other is refused, or it is in the last record and that one is dropped',
    (at, change) =>
      inTemporaryDirectory(async (directory) => {
        const bytes = Buffer.from(FILE);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        await writeFile(join(directory, 'log-00000001.jsonl'), bytes);
        const opened = await FileAppendLog.open({ directory, name: 'log' }).catch((error: unknown) => error);
        if (!(opened instanceof FileAppendLog)) {
          expect((opened as { code: unknown }).code).toMatch(/^(LOG_DAMAGED|FORMAT_UNSUPPORTED)$/);
          return;
        }
        expect(at).toBeGreaterThanOrEqual(LAST_LINE);
        expect(opened.openReport).toEqual({ records: 2, tornBytes: FILE.length - LAST_LINE, segments: 1 });
        expect(await recordsOf(opened)).toEqual(RECORDS.slice(0, 2));
        await opened.close();
      }),
  );

  test.prop(
    [
      fc.integer({ min: 1, max: 20 }),
      fc.jsonValue(),
      fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 1, max: 255 })), { maxLength: 2 }),
      fc.nat(2),
    ],
    { numRuns: 3000 },
  )('the quick look at a line and the thorough one agree', (seq, value, changes, missing) => {
    const line = Buffer.from(encodeLine(seq, JSON.stringify(value) ?? 'null'));
    const newline = line.length - 1 - missing;
    for (const [at, change] of changes) line[at % newline] = (line[at % newline] ?? 0) ^ change;
    const before = Buffer.from('of another line\n');
    const from = before.length;
    const start = startOfRecord(Buffer.concat([before, line]), from, from + newline, seq);
    const parsed = parseLine(line.subarray(0, newline));
    const isWhole = parsed.kind === 'record' && parsed.seq === seq;
    expect(start).toBe(isWhole ? from + newline - 1 - parsed.json.length : -1);
  });

  test.prop([fc.nat(FILE.length)])('cut off anywhere, it holds the whole records before the cut', (size) =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, 'log-00000001.jsonl'), FILE.subarray(0, size));
      const log = await FileAppendLog.open({ directory, name: 'log' });
      const whole = FILE.subarray(0, size).filter((byte) => byte === 0x0a).length;
      expect(await recordsOf(log)).toEqual(RECORDS.slice(0, whole));
      await log.close();
    }),
  );

  test.prop([fc.array(fc.jsonValue(), { maxLength: 20 }), fc.integer({ min: 1, max: 300 })])(
    'gives back what JSON gives back, over any segments',
    (values, segmentBytes) =>
      inTemporaryDirectory(async (directory) => {
        const records = values.filter((value) => value !== undefined) as object[];
        const log = await FileAppendLog.open({ directory, name: 'log', segmentBytes });
        await Promise.all(records.map((record) => log.append(record)));
        expect(await recordsOf(log)).toEqual(JSON.parse(JSON.stringify(records)));
        await log.close();
      }),
  );

  /** What the disk does with one call: all of it, a part of a write, an error, or an error after doing it. */
  const disturbance = fc.oneof(
    { weight: 8, arbitrary: fc.constant('well' as const) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constant('refuse' as const) },
  );

  test.prop([
    fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
    fc.array(disturbance, { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: 400 }),
  ])(
    'whatever the disk refuses: what is acknowledged is there, in order, without holes, and is told in order',
    (bursts, disturbances, segmentBytes) =>
      inTemporaryDirectory(async (directory) => {
        const fs = new ScriptedFs();
        const open = () => FileAppendLog.open({ directory, name: 'log', segmentBytes }, { fs });
        const acknowledged: number[] = [];
        const told: number[] = [];
        let next = 0;
        let turn = 0;
        const stormy = () => {
          const what = disturbances[turn++ % disturbances.length] ?? 'well';
          if (what === 'refuse') throw systemError('EIO');
          return what === 'well' ? undefined : what;
        };

        let log = await open();
        for (const burst of bursts) {
          fs.disturb = stormy;
          const results = await Promise.allSettled(
            Array.from({ length: burst }, () => {
              const id = next++;
              return log.append({ id }).then(
                () => {
                  told.push(id);
                  acknowledged.push(id);
                },
                (error: unknown) => {
                  told.push(id);
                  throw error;
                },
              );
            }),
          );
          if (results.every(({ status }) => status === 'fulfilled')) continue;
          await log.close();
          fs.disturb = () => undefined;
          log = await open();
        }
        await log.close();

        fs.disturb = () => undefined;
        const reopened = await open();
        const found = (await recordsOf(reopened)).map((record) => (record as { id: number }).id);
        await reopened.close();
        expect(told).toEqual(told.toSorted((a, b) => a - b));
        expect(found).toEqual(found.toSorted((a, b) => a - b));
        expect(new Set(found).size).toBe(found.length);
        expect(acknowledged.filter((id) => !found.includes(id))).toEqual([]);
      }),
  );
});
