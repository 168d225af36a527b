import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileAppendLog, FileSnapshotStore, salvageLog } from '../../../src/storage/index.ts';
import { encodeLine } from '../../../src/storage/log-line.ts';
import { killAfter, ScriptedFs, systemError } from '../../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const START = 'journal-start.json';
const segment = (number: number) => `journal-0000000${number}.jsonl`;
const line = (seq: number, record = `r${seq}`) => encodeLine(seq, JSON.stringify(record));
const lines = (...seqs: number[]) => seqs.map((seq) => line(seq)).join('');
const BAD = `${'x'.repeat(50)}\n`;

/** A directory with these files. */
async function directoryWith(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
  return directory;
}

const salvage = (directory: string, fs = new ScriptedFs()) =>
  salvageLog({ directory, name: 'journal' }, { fs });

/** What the log holds when it is opened; closes it. */
async function entriesIn(directory: string): Promise<{ firstSeq: number; records: unknown[] }> {
  const log = await FileAppendLog.open({ directory, name: 'journal' });
  const records: unknown[] = [];
  let next = log.firstSeq;
  for await (const { seq, record } of log.read()) {
    expect(seq).toBe(next++);
    records.push(record);
  }
  await log.close();
  return { firstSeq: log.firstSeq, records };
}

async function filesIn(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const file of (await readdir(directory)).sort()) {
    files[file] = await readFile(join(directory, file), 'utf8').catch(() => 'a directory');
  }
  return files;
}

describe('salvageLog, what it leaves alone', () => {
  test('a clean log', async () => {
    const files = { [segment(1)]: lines(1, 2), [segment(2)]: lines(3) };
    const directory = await directoryWith(files);
    expect(await salvage(directory)).toEqual({
      outcome: 'clean',
      recordsKept: 3,
      firstSeq: 1,
      recordsMissing: 0,
      lost: [],
      movedTo: undefined,
    });
    expect(await filesIn(directory)).toEqual(files);
  });

  test('a log that only ends with a torn write, which opening it removes', async () => {
    const directory = await directoryWith({ [segment(1)]: `${lines(1)}{"v":1,"se` });
    expect(await salvage(directory)).toMatchObject({ outcome: 'clean', recordsKept: 1 });
    expect(await filesIn(directory)).toEqual({ [segment(1)]: lines(1) });
  });

  test('logs, snapshots and stores of other names', async () => {
    const others = {
      'audit-00000001.jsonl': BAD,
      'journal-2-start.json': 'x',
      'audit-snapshot-0000000000000009.jsonl': 'x',
      'state.db': 'x',
    };
    const directory = await directoryWith({ ...others, [segment(1)]: BAD + BAD });
    expect(await salvage(directory)).toMatchObject({ outcome: 'salvaged' });
    expect(await filesIn(directory)).toMatchObject(others);
  });

  test.each([
    ['no log of the name', {}, 'FILE_UNREADABLE'],
    [
      'a log that ends with records of a newer version',
      { [segment(1)]: `${lines(1)}{"v":2,"new":1}\n{"v":2,"new":2}\n` },
      'FORMAT_UNSUPPORTED',
    ],
  ])('%s is refused', async (_, files, code) => {
    const directory = await directoryWith(files);
    await expect(salvage(directory)).rejects.toMatchObject({ code });
    expect(await filesIn(directory)).toEqual(files);
  });
});

describe('salvageLog, what it keeps', () => {
  const l1 = line(1).length;

  test('every whole record around a bad line, numbered anew, and tells what is lost', async () => {
    const text = lines(1) + BAD + lines(3, 4);
    const directory = await directoryWith({ [segment(1)]: text });
    expect(await salvage(directory)).toEqual({
      outcome: 'salvaged',
      recordsKept: 3,
      firstSeq: 1,
      recordsMissing: 1,
      lost: [
        {
          file: segment(1),
          line: 2,
          offset: l1,
          bytes: 50,
          why: `expected a whole record line, got "${'x'.repeat(40)}"...`,
        },
      ],
      movedTo: join(directory, 'damaged-1'),
    });
    expect(await filesIn(directory)).toEqual({
      [segment(1)]: line(1, 'r1') + line(2, 'r3') + line(3, 'r4'),
      'damaged-1': 'a directory',
    });
    expect(await filesIn(join(directory, 'damaged-1'))).toEqual({ [segment(1)]: text });
  });

  test.each([
    ['several bad lines at the very end', { [segment(1)]: lines(1, 2) + BAD + BAD }, ['r1', 'r2'], 0],
    ['a changed record', { [segment(1)]: lines(1, 2, 3).replace('r2', 'rX') }, ['r1', 'r3'], 1],
    ['an empty line', { [segment(1)]: `${lines(1)}\n${lines(2, 3)}` }, ['r1', 'r2', 'r3'], 0],
    ['records that are gone', { [segment(1)]: lines(1, 5, 6) }, ['r1', 'r5', 'r6'], 3],
    ['a record twice', { [segment(1)]: lines(1, 2, 2, 3) }, ['r1', 'r2', 'r3'], 0],
    ['a segment that is gone', { [segment(1)]: lines(1), [segment(3)]: lines(4) }, ['r1', 'r4'], 2],
    ['the first segment gone', { [segment(2)]: lines(3, 4) }, ['r3', 'r4'], 2],
    [
      'a bad end of a segment that has a successor',
      { [segment(1)]: lines(1, 2).slice(0, -5), [segment(2)]: lines(3) },
      ['r1', 'r3'],
      1,
    ],
    [
      'a last line that lacks only its newline, after damage',
      { [segment(1)]: lines(1, 3).slice(0, -1) },
      ['r1', 'r3'],
      1,
    ],
    [
      'a version digit that was changed, records of ours after it',
      { [segment(1)]: lines(1, 2, 3).replace('"v":1,"seq":2', '"v":3,"seq":2') },
      ['r1', 'r3'],
      1,
    ],
    ['nothing whole', { [segment(1)]: BAD + BAD }, [], 0],
  ])('%s', async (_, files, records, recordsMissing) => {
    const directory = await directoryWith(files);
    const report = await salvage(directory);
    expect(report).toMatchObject({ outcome: 'salvaged', recordsKept: records.length, recordsMissing });
    // Number 1 is for the first record of all.
    expect(await entriesIn(directory)).toEqual({ firstSeq: records[0] === 'r1' ? 1 : 2, records });
    expect(await filesIn(report.movedTo ?? '')).toEqual(files);
  });

  test('nothing of a trimmed log whose start is damaged as well: it does not look like a new one', async () => {
    const directory = await directoryWith({ [segment(3)]: BAD + BAD, [START]: 'x' });
    expect(await salvage(directory)).toMatchObject({ recordsKept: 0, firstSeq: 2, recordsMissing: 0 });
    expect(await entriesIn(directory)).toEqual({ firstSeq: 2, records: [] });
  });

  test('both records between which the newline was damaged', async () => {
    const text = lines(1, 2, 3, 4);
    const at = line(1).length + line(2).length - 1;
    const directory = await directoryWith({ [segment(1)]: `${text.slice(0, at)} ${text.slice(at + 1)}` });
    expect(await salvage(directory)).toMatchObject({
      recordsKept: 4,
      recordsMissing: 0,
      lost: [{ line: 2, bytes: 1 }],
    });
    expect((await entriesIn(directory)).records).toEqual(['r1', 'r2', 'r3', 'r4']);
  });

  test('a record that holds what looks like another is kept as one', async () => {
    const nested = encodeLine(2, `[${encodeLine(3, '1').trimEnd()},${encodeLine(4, '2').trimEnd()}]`);
    const directory = await directoryWith({ [segment(1)]: `${lines(1)}junk${nested}${BAD}${lines(3)}` });
    await salvage(directory);
    expect((await entriesIn(directory)).records).toEqual([
      'r1',
      [expect.objectContaining({ seq: 3 }), expect.objectContaining({ seq: 4 })],
      'r3',
    ]);
  });

  test('in segments of the size asked for', async () => {
    const directory = await directoryWith({ [segment(1)]: lines(1) + BAD + lines(3) });
    await salvageLog({ directory, name: 'journal', segmentBytes: 1 });
    expect(await entriesIn(directory)).toEqual({ firstSeq: 1, records: ['r1', 'r3'] });
  });

  test('a second repair puts its originals beside the first', async () => {
    const directory = await directoryWith({ [segment(1)]: BAD + BAD });
    await salvage(directory);
    await writeFile(join(directory, segment(1)), `${BAD}${BAD}${BAD}`);
    expect((await salvage(directory)).movedTo).toBe(join(directory, 'damaged-2'));
    expect(await filesIn(join(directory, 'damaged-1'))).toEqual({ [segment(1)]: BAD + BAD });
  });

  test.each([[{ directory: '', name: 'journal' }], [{ directory: 'x', name: '../..' }]])(
    'refuses the options %j',
    async (options) => {
      await expect(salvageLog(options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    },
  );
});

describe('salvageLog, a trimmed log', () => {
  const start = (segmentNumber: number, seq: number) =>
    encodeLine(seq, JSON.stringify({ segment: segmentNumber }));

  test.each([
    ['begins where it was trimmed', start(3, 7), lines(7) + BAD + lines(9), 7, ['r7', 'r9']],
    ['begins there also when its first record is lost', start(3, 7), BAD + lines(8, 9), 7, ['r8', 'r9']],
    [
      'begins with its first record when the note is damaged',
      'x',
      lines(7) + BAD + lines(9),
      7,
      ['r7', 'r9'],
    ],
    ['begins there also when nothing is left', start(3, 7), BAD + BAD, 7, []],
  ])('%s', async (_, note, text, firstSeq, records) => {
    const files = { [segment(3)]: text, [START]: note };
    const directory = await directoryWith(files);
    const report = await salvage(directory);
    expect(report.firstSeq).toBe(firstSeq);
    expect(await entriesIn(directory)).toEqual({ firstSeq, records });
    expect(await filesIn(report.movedTo ?? '')).toEqual(files);
  });

  test('a segment from before the start, which a killed trim left, is moved and not read', async () => {
    const files = {
      [segment(2)]: lines(5, 6),
      [segment(3)]: lines(7) + BAD + lines(9),
      [START]: start(3, 7),
    };
    const directory = await directoryWith(files);
    await salvage(directory);
    expect(await entriesIn(directory)).toEqual({ firstSeq: 7, records: ['r7', 'r9'] });
  });

  test('every segment lost', async () => {
    const directory = await directoryWith({ [START]: start(3, 7) });
    expect(await salvage(directory)).toMatchObject({
      recordsKept: 0,
      lost: [{ file: segment(3), bytes: 0 }],
    });
    expect(await entriesIn(directory)).toEqual({ firstSeq: 7, records: [] });
  });
});

describe('salvageLog, snapshots', () => {
  async function snapshotsIn(directory: string, seqs: readonly number[]): Promise<void> {
    const store = await FileSnapshotStore.open({ directory, name: 'journal' });
    for (const seq of seqs) await store.save(seq, [`state ${seq}`]);
    await store.close();
  }

  test.each([
    [
      'at the records before the damage',
      [1, 2],
      [
        { seq: 2, lines: ['state 2'] },
        { seq: 1, lines: ['state 1'] },
      ],
    ],
    [
      'at a lost record',
      [1, 3],
      [
        { seq: 2, lines: ['state 3'] },
        { seq: 1, lines: ['state 1'] },
      ],
    ],
    [
      'after the damage',
      [2, 5],
      [
        { seq: 4, lines: ['state 5'] },
        { seq: 2, lines: ['state 2'] },
      ],
    ],
    [
      'newer than all that is left',
      [5, 9],
      [
        { seq: 5, lines: ['state 9'] },
        { seq: 4, lines: ['state 5'] },
      ],
    ],
    ['that come to the same record', [2, 3], [{ seq: 2, lines: ['state 3'] }, undefined]],
  ])('%s count from the number that their last record has now', async (_, seqs, expected) => {
    const directory = await directoryWith({ [segment(1)]: lines(1, 2) + BAD + lines(4, 5, 6) });
    await snapshotsIn(directory, seqs);
    const before = await filesIn(directory);
    const { movedTo } = await salvage(directory);
    const store = await FileSnapshotStore.open({ directory, name: 'journal' });
    const newest = await store.newest();
    expect([newest, await store.newest((newest?.seq ?? 0) - 1)]).toEqual(expected);
    const after = { ...(await filesIn(directory)), ...(await filesIn(movedTo ?? '')) };
    expect(after).toMatchObject(before);
  });

  test('one from before the start of a trimmed log is left alone', async () => {
    const start = encodeLine(7, '{"segment":3}');
    const directory = await directoryWith({ [segment(3)]: lines(7) + BAD + lines(9), [START]: start });
    await snapshotsIn(directory, [3]);
    await salvage(directory);
    const store = await FileSnapshotStore.open({ directory, name: 'journal' });
    expect(await store.newest()).toEqual({ seq: 3, lines: ['state 3'] });
  });

  test('a damaged one is only moved aside', async () => {
    const directory = await directoryWith({ [segment(1)]: lines(1) + BAD + lines(3) + BAD });
    const file = 'journal-snapshot-0000000000000003.jsonl';
    await writeFile(join(directory, file), 'damaged');
    const { movedTo } = await salvage(directory);
    expect(await readdir(directory)).not.toContain(file);
    expect(await filesIn(movedTo ?? '')).toMatchObject({ [file]: 'damaged' });
  });
});

describe('salvageLog, with somebody who knows the records', () => {
  const text = lines(1, 2) + BAD + lines(4, 5);

  test('leaves out what is refused, and says where it stood and why', async () => {
    const directory = await directoryWith({ [segment(1)]: text });
    const asked: unknown[] = [];
    const refuse = (record: unknown, seq: number) => {
      asked.push([seq, record]);
      return record === 'r4' ? 'not without r3' : undefined;
    };
    const report = await salvageLog({ directory, name: 'journal' }, { refuse });
    expect(asked).toEqual([
      [1, 'r1'],
      [2, 'r2'],
      [4, 'r4'],
      [5, 'r5'],
    ]);
    expect(report).toMatchObject({ recordsKept: 3, recordsMissing: 2 });
    expect(report.lost[1]).toEqual({
      file: segment(1),
      line: 4,
      offset: text.indexOf(line(4)),
      bytes: line(4).length - 1,
      why: 'not without r3',
    });
    expect(await entriesIn(directory)).toEqual({ firstSeq: 1, records: ['r1', 'r2', 'r5'] });
  });

  test.each([
    ['its own record is lost', 3, { seq: 2, lines: ['state 3', 'r2'] }],
    ['its record has another number now', 4, { seq: 3, lines: ['state 4', 'r4'] }],
    ['its record has the number that it had', 2, { seq: 2, lines: ['state 2'] }],
  ])('a snapshot is told after which record it stands when %s', async (_, seq, expected) => {
    const directory = await directoryWith({ [segment(1)]: text });
    const store = await FileSnapshotStore.open({ directory, name: 'journal' });
    await store.save(seq, [`state ${seq}`]);
    await salvageLog({ directory, name: 'journal' }, { rebase: (all, last) => [...all, last] });
    expect(await store.newest()).toEqual(expected);
  });

  test('a snapshot goes on when every record up to it is lost', async () => {
    const directory = await directoryWith({ [segment(1)]: BAD + BAD + lines(3, 4) });
    const store = await FileSnapshotStore.open({ directory, name: 'journal' });
    await store.save(2, ['state 2']);
    await salvageLog({ directory, name: 'journal' }, { rebase: (all, last) => [...all, last] });
    expect(await store.newest()).toEqual({ seq: 1, lines: ['state 2'] });
    expect(await entriesIn(directory)).toEqual({ firstSeq: 2, records: ['r3', 'r4'] });
  });

  test('is told what is planned before it counts, and can say no', async () => {
    const directory = await directoryWith({ [segment(1)]: text });
    const plans: unknown[] = [];
    const refused = salvageLog(
      { directory, name: 'journal' },
      {
        confirm: (planned) => {
          plans.push(planned);
          return Promise.reject(new Error('no'));
        },
      },
    );
    await expect(refused).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(plans).toMatchObject([{ outcome: 'salvaged', recordsKept: 4, recordsMissing: 1 }]);
    expect(await filesIn(directory)).toEqual({ [segment(1)]: text });
  });
});

describe('salvageLog, killed', () => {
  const text = lines(7) + BAD + lines(9, 10) + BAD + BAD;
  const files = { [segment(3)]: text, [START]: encodeLine(7, '{"segment":3}') };

  test('at any point: the directory holds the old log or the new one, and every byte of the old', async () => {
    const outcomes: string[] = [];
    for (let calls = 0; ; calls++) {
      const directory = await directoryWith(files);
      const fs = new ScriptedFs();
      killAfter(fs, calls);
      const isThrough = await salvage(directory, fs).then(
        () => true,
        () => false,
      );
      const opened = await entriesIn(directory).catch((error: unknown) => (error as { code: string }).code);
      if (typeof opened === 'string') {
        outcomes.push('old');
        expect(opened).toBe('LOG_DAMAGED');
        expect(await filesIn(directory)).toMatchObject(files);
        await salvage(directory);
      } else {
        outcomes.push('new');
      }
      expect(await entriesIn(directory)).toEqual({ firstSeq: 7, records: ['r7', 'r9', 'r10'] });
      expect(await filesIn(join(directory, 'damaged-1'))).toEqual(files);
      expect((await readdir(directory)).sort()).toEqual(['damaged-1', segment(3), START].sort());
      if (isThrough) break;
    }
    expect(outcomes.indexOf('new')).toBeGreaterThan(10);
    expect(outcomes.lastIndexOf('old')).toBe(outcomes.indexOf('new') - 1);
    expect(outcomes.length - outcomes.indexOf('new')).toBeGreaterThan(8);
  });

  test('after the decision, opening snapshots puts the new files in place as well', async () => {
    const directory = await directoryWith(files);
    const fs = new ScriptedFs();
    fs.disturb = ({ what, path }) => {
      if (what === 'rename' && path.includes('damaged-1')) throw systemError('KILLED');
      return undefined;
    };
    await expect(salvage(directory, fs)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await (await FileSnapshotStore.open({ directory, name: 'journal' })).close();
    expect((await readdir(directory)).sort()).toEqual(['damaged-1', segment(3), START].sort());
  });

  test('what an attempt left that was not decided is no harm to a log repaired by hand', async () => {
    const directory = await directoryWith({ [segment(1)]: lines(1) });
    await mkdir(join(directory, 'journal-salvage'));
    await writeFile(join(directory, 'journal-salvage', segment(1)), lines(1, 2));
    expect(await entriesIn(directory)).toEqual({ firstSeq: 1, records: ['r1'] });
    await writeFile(join(directory, segment(1)), BAD + BAD);
    expect(await salvage(directory)).toMatchObject({ recordsKept: 0 });
    expect((await readdir(directory)).sort()).toEqual(['damaged-1', segment(1), START]);
  });
});
