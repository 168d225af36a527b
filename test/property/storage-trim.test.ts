import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type AppendLog, FileAppendLog, MemoryAppendLog, salvageLog } from '../../src/storage/index.ts';
import { killAfter, ScriptedFs } from '../storage/support/scripted-fs.ts';

async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function entriesOf(log: AppendLog) {
  const entries = [];
  for await (const entry of log.read()) entries.push(entry);
  return entries;
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ what: fc.constant('append' as const), records: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('trim' as const), beforeSeq: fc.integer({ min: -1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('reopen' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('kill' as const),
      beforeSeq: fc.integer({ min: 0, max: 40 }),
      calls: fc.integer({ min: 0, max: 12 }),
    }),
  },
);

describe('a log that is trimmed', () => {
  test.prop([fc.array(step, { minLength: 1, maxLength: 15 }), fc.integer({ min: 1, max: 200 })])(
    'holds every record that is not older than asked for, whatever is killed',
    (steps, segmentBytes) =>
      inTemporaryDirectory(async (directory) => {
        const open = (fs = new ScriptedFs()) =>
          FileAppendLog.open({ directory, name: 'log', segmentBytes }, { fs });
        let fs = new ScriptedFs();
        let log = await open(fs);
        const model = new MemoryAppendLog();
        let asked = 1;
        for (const todo of steps) {
          if (todo.what === 'append') {
            for (let record = 0; record < todo.records; record++) {
              expect(await log.append({ record })).toEqual(await model.append({ record }));
            }
            continue;
          }
          if (todo.what !== 'reopen') {
            asked = Math.max(asked, todo.beforeSeq);
            if (todo.what === 'kill') killAfter(fs, todo.calls);
            await Promise.all([log.trim(todo.beforeSeq).catch(() => undefined), model.trim(todo.beforeSeq)]);
          }
          if (todo.what !== 'trim') {
            await log.close();
            fs = new ScriptedFs();
            log = await open(fs);
          }
        }
        const entries = await entriesOf(log);
        expect(log.firstSeq).toBeLessThanOrEqual(asked);
        expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, at) => log.firstSeq + at));
        const kept = await entriesOf(model);
        expect(entries.slice(entries.length - kept.length)).toEqual(kept);
        await log.close();
      }),
  );
});

describe('a log that is damaged', () => {
  test.prop([
    fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 0, max: 8 }),
    fc.integer({ min: 1, max: 300 }),
  ])(
    'opens after a repair, with every record none of whose bytes was changed',
    (changes, beforeSeq, segmentBytes) =>
      inTemporaryDirectory(async (directory) => {
        const place = { directory, name: 'log' };
        const log = await FileAppendLog.open({ ...place, segmentBytes });
        for (let id = 1; id <= 10; id++) await log.append({ id, filler: 'x'.repeat(id) });
        const firstSeq = await log.trim(beforeSeq);
        await log.close();
        const touched = new Set<number>();
        const segments = (await readdir(directory)).filter((file) => file.endsWith('.jsonl')).sort();
        const written = await Promise.all(segments.map((file) => readFile(join(directory, file))));
        for (const [at, change] of changes) {
          const index = at % segments.length;
          const original = written[index] ?? Buffer.alloc(0);
          const where = at % original.length;
          const path = join(directory, segments[index] ?? '');
          const bytes = await readFile(path);
          bytes[where] = (bytes[where] ?? 0) ^ change;
          await writeFile(path, bytes);
          const line = original.toString('latin1', 0, where).split('\n').length - 1;
          const id = Number(/"id":(\d+)/.exec(original.toString())?.[1]) + line;
          // A newline belongs to the record before it and to the one after it.
          touched.add(id).add(id + 1);
        }
        const before = await Promise.all(segments.map((file) => readFile(join(directory, file), 'utf8')));
        const report = await salvageLog(place).catch((error: unknown) => (error as { code: string }).code);
        if (report === 'FORMAT_UNSUPPORTED') return; // the last line looks like that of a newer version
        const salvaged = await FileAppendLog.open(place);
        const ids = (await entriesOf(salvaged)).map(({ record }) => (record as { id: number }).id);
        // Number 1 is for the first record of all.
        expect(salvaged.firstSeq).toBe(firstSeq === 1 && ids[0] !== 1 ? 2 : firstSeq);
        await salvaged.close();
        const untouched = Array.from({ length: 10 }, (_, at) => at + 1).filter(
          (id) => id >= firstSeq && !touched.has(id),
        );
        expect(ids).toEqual(expect.arrayContaining(untouched));
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        if (typeof report === 'string' || report.movedTo === undefined) return;
        const { movedTo } = report;
        expect(await Promise.all(segments.map((file) => readFile(join(movedTo, file), 'utf8')))).toEqual(
          before,
        );
      }),
  );
});
