import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileSnapshotStore, type JsonValue } from '../../../src/storage/index.ts';
import { killAfter, ScriptedFs, systemError } from '../../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const file = (seq: number) => `journal-snapshot-${String(seq).padStart(16, '0')}.jsonl`;
const openIn = (directory: string, fs = new ScriptedFs()) =>
  FileSnapshotStore.open({ directory, name: 'journal' }, { fs });

/** A store that holds the snapshots 1 and 2. */
async function two(fs = new ScriptedFs()) {
  const directory = await temporaryDirectory();
  const store = await openIn(directory, fs);
  await store.save(1, ['one']);
  await store.save(2, ['two', { lines: 2 }]);
  return { directory, store, path: join(directory, file(2)) };
}

describe('FileSnapshotStore, files', () => {
  test('writes a line for each value and a last one with version, number, lines and checksum', async () => {
    const { path } = await two();
    expect(await readFile(path, 'utf8')).toBe(
      '"two"\n{"lines":2}\n{"v":1,"seq":2,"lines":2,"crc":"68fe7810"}\n',
    );
  });

  test('gives the file its name only once it is durable, and removes the third after that', async () => {
    const fs = new ScriptedFs();
    const { directory, store } = await two(fs);
    fs.calls.length = 0;
    await store.save(3, ['three']);
    const draft = join(directory, `${file(3)}.draft`);
    expect(fs.calls.map(({ what, path }) => [what, path])).toEqual([
      ['remove', draft],
      ['open', draft],
      ['write', draft],
      ['write', draft],
      ['datasync', draft],
      ['rename', join(directory, file(3))],
      ['syncDirectory', directory],
      ['remove', join(directory, file(1))],
    ]);
    expect((await readdir(directory)).sort()).toEqual([file(2), file(3)]);
  });

  test('goes to the disk in slices, so that other work goes on between them', async () => {
    const fs = new ScriptedFs();
    const store = await openIn(await temporaryDirectory(), fs);
    const writes = async (lines: JsonValue[]): Promise<number> => {
      fs.calls.length = 0;
      await store.save(1, lines);
      return fs.count('write') - 1; // the last line goes by itself
    };
    expect(await writes(Array.from({ length: 1000 }, () => 1))).toBe(2);
    expect(await writes(Array.from({ length: 1001 }, () => 1))).toBe(3);
    expect(await writes(Array.from({ length: 10 }, () => 'x'.repeat(40_000)))).toBe(5);
  });

  test('reads lines longer than a chunk of the disk', async () => {
    const store = await openIn(await temporaryDirectory());
    const lines = ['x'.repeat(600_000), 'é'.repeat(300_000), 1];
    await store.save(1, lines);
    expect(await store.newest()).toEqual({ seq: 1, lines });
  });

  test('removes drafts that a kill left, of its own only', async () => {
    const { directory, store } = await two();
    const others = ['journal-start.json.draft', `other-${file(9).slice(8)}.draft`];
    for (const name of [...others, `${file(9)}.draft`]) await writeFile(join(directory, name), 'half');
    expect(await store.newest()).toMatchObject({ seq: 2 });
    await store.save(3, []);
    expect((await readdir(directory)).sort()).toEqual([file(2), file(3), ...others].sort());
  });

  test('leaves the segments of a log and the snapshots of others alone', async () => {
    const { directory, store } = await two();
    const others = ['journal-00000001.jsonl', 'journal-2-snapshot-0000000000000009.jsonl'];
    for (const name of others) await writeFile(join(directory, name), 'not mine');
    await store.save(3, []);
    expect(await readdir(directory)).toEqual(expect.arrayContaining(others));
    expect(await store.newest()).toEqual({ seq: 3, lines: [] });
    expect(store.skipped).toEqual([]);
  });
});

describe('FileSnapshotStore, damage', () => {
  test.each([
    ['cut off', (text: string) => text.slice(0, -1), 'the file is cut off'],
    ['empty', () => '', 'the file is cut off'],
    [
      'without its last line',
      (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1),
      'the last line is none of version 1: {"lines":2}',
    ],
    [
      'changed',
      (text: string) => text.replace('"two"', '"TWO"'),
      'the last line says {"v":1,"seq":2,"lines":2,"crc":"68fe7810"}, the others {"v":1,"seq":2,"lines":2,"crc":"',
    ],
    ['no JSON any more', (text: string) => text.replace('"two"', '"two '), 'JSON'],
    [
      'missing a line',
      (text: string) => text.slice(text.indexOf('\n') + 1),
      'the others {"v":1,"seq":2,"lines":1,',
    ],
    [
      'of another version',
      (text: string) => text.replace('"v":1', '"v":2'),
      'the last line is none of version 1: {"v":2,',
    ],
    [
      'renamed',
      (text: string) => text.replace('"seq":2', '"seq":3'),
      'the name says record 2, the last line 3',
    ],
  ])('one that is %s is passed over and told', async (_, damage, why) => {
    const { store, path } = await two();
    await writeFile(path, damage(await readFile(path, 'utf8')));
    expect(await store.newest()).toEqual({ seq: 1, lines: ['one'] });
    expect(store.skipped).toEqual([{ file: file(2), why: expect.stringContaining(why) as unknown }]);
  });

  test('a directory in its place is passed over', async () => {
    const { directory, store } = await two();
    await mkdir(join(directory, file(7)));
    expect(await store.newest()).toMatchObject({ seq: 2 });
    expect(store.skipped).toMatchObject([{ file: file(7) }]);
  });

  test('any byte changed, the file is passed over', async () => {
    const { store, path } = await two();
    const bytes = await readFile(path);
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect((await store.newest())?.seq).toBe(1);
    }
  });

  test('cut off anywhere, the file is passed over', async () => {
    const { store, path } = await two();
    for (let size = (await readFile(path)).length - 1; size >= 0; size--) {
      await truncate(path, size);
      expect((await store.newest())?.seq).toBe(1);
    }
  });
});

describe('FileSnapshotStore, disk that refuses', () => {
  test.each(['open', 'write', 'datasync', 'rename', 'syncDirectory'] as const)(
    'a %s that fails rejects, leaves no draft and keeps what there is',
    async (refused) => {
      const fs = new ScriptedFs();
      const { directory, store } = await two(fs);
      const cause = systemError('ENOSPC');
      fs.disturb = ({ what }) => {
        if (what === refused) throw cause;
        return undefined;
      };
      await expect(store.save(3, ['three'])).rejects.toMatchObject({
        code: 'SNAPSHOT_FAILED',
        message: `snapshots ${join(directory, 'journal')} cannot be written: ENOSPC: the test said so`,
        cause,
      });
      fs.disturb = () => undefined;
      expect(await readdir(directory)).toEqual(expect.arrayContaining([file(1), file(2)]));
      expect((await readdir(directory)).filter((name) => name.endsWith('.draft'))).toEqual([]);
      expect((await store.newest(2))?.seq).toBe(2);
      await store.save(3, ['again']);
      expect(await store.newest()).toEqual({ seq: 3, lines: ['again'] });
    },
  );

  test('an old one that cannot be removed does not fail the new one', async () => {
    const fs = new ScriptedFs();
    const { store } = await two(fs);
    fs.disturb = ({ what, path }) => {
      if (what === 'remove' && path.endsWith(file(1))) throw systemError('EPERM');
      return undefined;
    };
    await store.save(3, ['three']);
    expect((await store.newest())?.seq).toBe(3);
  });

  test('killed at any point of a save: the newest is the one before or the new one, whole', async () => {
    const newest: unknown[] = [];
    for (let calls = 0; ; calls++) {
      const fs = new ScriptedFs();
      const { directory, store } = await two(fs);
      killAfter(fs, calls);
      const isThrough = await store.save(3, ['three']).then(
        () => true,
        () => false,
      );
      const reopened = await openIn(directory);
      newest.push((await reopened.newest())?.seq);
      expect(reopened.skipped).toEqual([]);
      if (isThrough) break;
    }
    // Calls let through: the first six end with the rename, which decides.
    expect(newest).toEqual([2, 2, 2, 2, 2, 2, 3, 3]);
  });

  test('a directory that cannot be listed is an error, not an absence', async () => {
    const fs = new ScriptedFs();
    const { store } = await two(fs);
    fs.list = () => Promise.reject(systemError('EIO'));
    await expect(store.newest()).rejects.toMatchObject({ code: 'SNAPSHOT_FAILED' });
  });

  test('a file in place of the directory is an error', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    await expect(openIn(path)).rejects.toMatchObject({
      code: 'SNAPSHOT_FAILED',
      message: expect.stringContaining(`snapshots ${join(path, 'journal')} cannot be opened: `) as unknown,
    });
  });
});

describe('FileSnapshotStore, life', () => {
  test('close waits for a save under way and refuses the next', async () => {
    const { directory, store } = await two();
    const saved = store.save(3, ['three']);
    expect(store.isClosed).toBe(false);
    await store.close();
    await store.close();
    expect(store.isClosed).toBe(true);
    expect(await readdir(directory)).toContain(file(3));
    await saved;
    await expect(store.save(4, [])).rejects.toMatchObject({
      code: 'SNAPSHOT_FAILED',
      message: `snapshots ${join(directory, 'journal')} are closed`,
    });
  });

  test.each([
    [{ directory: '', name: 'journal' }, 'directory'],
    [{ directory: 'x', name: 'Journal' }, 'name'],
    [{ directory: 'x', name: 'journal', keep: 3 }, 'keep'],
  ])('refuses the options %j', async (options, field) => {
    await expect(FileSnapshotStore.open(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(field) as unknown,
    });
  });
});
