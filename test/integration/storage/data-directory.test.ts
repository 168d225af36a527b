import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { DataDirectory, salvageLog } from '../../../src/storage/index.ts';
import { ScriptedFs, systemError } from '../../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const clock = new ManualClock(NOW_MS);
const open = (path: string) => DataDirectory.open(path, { clock });

/** What a run that was killed at once would have left behind: nothing is closed in order, nothing removed. */
async function openedAndClosed(
  path: string,
  use: (directory: DataDirectory) => Promise<void>,
): Promise<void> {
  const directory = await open(path);
  await use(directory);
  await directory.close();
}

describe('DataDirectory, ownership', () => {
  test('creates the directory, says its format and its owner', async () => {
    const path = join(await temporaryDirectory(), 'a', 'b');
    const directory = await open(path);
    expect(directory.path).toBe(path);
    expect(JSON.parse(await readFile(join(path, 'portcullis.json'), 'utf8'))).toEqual({ format: 1 });
    expect(JSON.parse(await readFile(join(path, 'portcullis.owner.json'), 'utf8'))).toEqual({
      pid: process.pid,
      sinceMs: NOW_MS,
    });
    await directory.close();
  });

  test('a second owner, also in the same process, is told who owns it and since when', async () => {
    const path = await temporaryDirectory();
    const directory = await open(path);
    await expect(open(path)).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      retryable: true,
      message: `data directory ${path} belongs to process ${process.pid} since 2026-01-02T03:04:05.000Z: stop it, or use another directory`,
      details: { directory: path, pid: process.pid, sinceMs: NOW_MS },
    });
    await directory.close();
  });

  test.each([
    ['is missing', undefined],
    ['cannot be read', '{"pid":'],
  ])('refuses a second owner also when the name of the first %s', async (_, text) => {
    const path = await temporaryDirectory();
    const directory = await open(path);
    const ownerFile = join(path, 'portcullis.owner.json');
    await (text === undefined ? rm(ownerFile) : writeFile(ownerFile, text));
    await expect(open(path)).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      message: `data directory ${path} belongs to another process: stop it, or use another directory`,
    });
    await directory.close();
  });

  test('is free after close, and the next owner is not told of the last', async () => {
    const path = await temporaryDirectory();
    const directory = await open(path);
    await directory.close();
    await directory.close();
    const next = await open(path);
    await next.close();
    await expect(readFile(join(path, 'portcullis.owner.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is free again when opening it failed', async () => {
    const path = await temporaryDirectory();
    await writeFile(join(path, 'portcullis.json'), '{"format":2}');
    await expect(open(path)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    await writeFile(join(path, 'portcullis.json'), '{"format":1}');
    await (await open(path)).close();
  });

  test('a file in place of the directory is refused by name', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    await expect(open(path)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining(`data directory ${path} cannot be used: `) as unknown,
    });
  });

  test.each(['portcullis.lock', 'portcullis.owner.json', 'portcullis.json.draft'])(
    'a directory called %s is in the way',
    async (name) => {
      const path = await temporaryDirectory();
      await mkdir(join(path, name));
      await expect(open(path)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    },
  );
});

describe('DataDirectory, isNew', () => {
  const isNew = async (path: string): Promise<boolean> => {
    const directory = await open(path);
    await directory.close();
    return directory.isNew;
  };

  test.each([
    ['an absent directory', async (path: string) => rm(path, { recursive: true })],
    ['an empty directory', async () => undefined],
    ['a directory opened and left', async (path: string) => openedAndClosed(path, async () => undefined)],
    [
      'one whose logs and stores were created, and nothing written',
      async (path: string) =>
        openedAndClosed(path, async (directory) => {
          await directory.openLog('journal');
          await directory.openStore('state');
        }),
    ],
    [
      'one whose first record was torn',
      async (path: string) => writeFile(join(path, 'journal-00000001.jsonl'), '{"v":1,"seq":1,"cr'),
    ],
    ['one whose first store was just created', async (path: string) => writeFile(join(path, 'state.db'), '')],
    [
      'one that was killed while its format was written',
      async (path: string) => writeFile(join(path, 'portcullis.json.draft'), '{"fo'),
    ],
    [
      'one that was killed while its first snapshot was written',
      async (path: string) =>
        writeFile(join(path, 'journal-snapshot-0000000000000001.jsonl.draft'), '"state"\n'),
    ],
    ['one with files of others', async (path: string) => writeFile(join(path, 'README.txt'), 'mine')],
  ])('%s is new', async (_, prepare) => {
    const path = await temporaryDirectory();
    await prepare(path);
    expect(await isNew(path)).toBe(true);
  });

  test.each([
    [
      'a record in a log',
      async (path: string) =>
        openedAndClosed(path, async (directory) => {
          await (await directory.openLog('journal')).append('a');
        }),
    ],
    [
      'a key in a store',
      async (path: string) =>
        openedAndClosed(path, async (directory) => {
          await (await directory.openStore('state')).set('a', 1);
        }),
    ],
    [
      'a key that was deleted again',
      async (path: string) =>
        openedAndClosed(path, async (directory) => {
          const store = await directory.openStore('state');
          await store.set('a', 1);
          await store.delete('a');
        }),
    ],
    [
      'a snapshot',
      async (path: string) =>
        openedAndClosed(path, async (directory) => {
          await (await directory.openSnapshots('journal')).save(0, []);
        }),
    ],
    [
      'a snapshot that is damaged',
      async (path: string) => {
        await openedAndClosed(path, async () => undefined);
        await writeFile(join(path, 'journal-snapshot-0000000000000001.jsonl'), 'damaged');
      },
    ],
    [
      'the start of a trimmed log, though its only segment is empty',
      async (path: string) => {
        await openedAndClosed(path, async () => undefined);
        await writeFile(join(path, 'journal-start.json'), '');
        await writeFile(join(path, 'journal-00000003.jsonl'), '');
      },
    ],
    [
      'a log of which a repair could keep nothing',
      async (path: string) => {
        await openedAndClosed(path, async () => undefined);
        await writeFile(join(path, 'journal-00000001.jsonl'), 'bad\nbad\n');
        await salvageLog({ directory: path, name: 'journal' });
      },
    ],
    [
      'a store that cannot be read',
      async (path: string) => {
        await openedAndClosed(path, async () => undefined);
        await writeFile(join(path, 'state.db'), 'damaged '.repeat(1000));
      },
    ],
    [
      'a journal, its store removed',
      async (path: string) => {
        await openedAndClosed(path, async (directory) => {
          await (await directory.openStore('state')).set('kill-switch', 'halted');
          await (await directory.openLog('journal')).append('a');
        });
        await rm(join(path, 'state.db'));
      },
    ],
  ])('%s makes it old', async (_, prepare) => {
    const path = await temporaryDirectory();
    await prepare(path);
    expect(await isNew(path)).toBe(false);
  });

  test('is what was found on opening, whatever is written since', async () => {
    const directory = await open(await temporaryDirectory());
    await (await directory.openLog('journal')).append('a');
    expect(directory.isNew).toBe(true);
    await directory.close();
  });
});

describe('DataDirectory, format', () => {
  test.each([
    ['of another version', '{"format":2}', 'got 2'],
    ['that cannot be read', '{"form', 'got "{\\"form"'],
    ['that is empty', '', 'got ""'],
  ])('a format file %s is refused', async (_, text, got) => {
    const path = await temporaryDirectory();
    await writeFile(join(path, 'portcullis.json'), text);
    await expect(open(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `${join(path, 'portcullis.json')}: expected format 1, ${got}`,
    });
  });

  test('records without a format file are refused', async () => {
    const path = await temporaryDirectory();
    await openedAndClosed(path, async (directory) => {
      await (await directory.openLog('journal')).append('a');
    });
    await rm(join(path, 'portcullis.json'));
    await expect(open(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `${join(path, 'portcullis.json')}: expected format 1, got no such file beside logs and stores`,
    });
  });
});

describe('DataDirectory, logs, snapshots and stores', () => {
  test('hands out snapshots by name, one store of a name at a time, and waits for a save when it closes', async () => {
    const directory = await open(await temporaryDirectory());
    const snapshots = await directory.openSnapshots('journal');
    await directory.openLog('journal');
    await expect(directory.openSnapshots('journal')).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: `data directory ${directory.path}: snapshots journal cannot be opened: it is open already`,
    });
    await expect(directory.openSnapshots('../journal')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    const saved = snapshots.save(1, ['state']);
    await directory.close();
    await saved;
    expect(snapshots.isClosed).toBe(true);
    const again = await open(directory.path);
    expect(await (await again.openSnapshots('journal')).newest()).toEqual({ seq: 1, lines: ['state'] });
    await again.close();
  });

  test('hands out logs and stores by name, and closes them all', async () => {
    const path = await temporaryDirectory();
    const directory = await open(path);
    const log = await directory.openLog('journal', { segmentBytes: 1000 });
    const store = await directory.openStore('journal');
    const receipt = log.append('pending');
    await directory.close();
    expect(await receipt).toEqual({ seq: 1 });
    expect([log.isClosed, store.isClosed]).toEqual([true, true]);
  });

  test('one log of a name at a time, the next after it is closed', async () => {
    const directory = await open(await temporaryDirectory());
    const refusal = {
      code: 'OPTION_INVALID',
      message: `data directory ${directory.path}: log journal cannot be opened: it is open already`,
    };
    const opening = directory.openLog('journal');
    await expect(directory.openLog('journal')).rejects.toMatchObject(refusal);
    const log = await opening;
    await expect(directory.openLog('journal')).rejects.toMatchObject(refusal);
    const closing = log.close();
    await expect(directory.openLog('journal')).rejects.toMatchObject(refusal);
    await closing;
    expect((await directory.openLog('journal')).isClosed).toBe(false);
    await directory.close();
  });

  test('a log whose opening failed can be opened again', async () => {
    const logFs = new ScriptedFs();
    const directory = await DataDirectory.open(await temporaryDirectory(), { clock, logFs });
    logFs.disturb = () => {
      throw systemError('EMFILE');
    };
    await expect(directory.openLog('journal')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    logFs.disturb = () => undefined;
    expect((await directory.openLog('journal')).openReport.records).toBe(0);
    await directory.close();
  });

  test.each(['../state', 'State', '', 'a.b', 'x'.repeat(65)])('refuses the name "%s"', async (name) => {
    const directory = await open(await temporaryDirectory());
    await expect(directory.openLog(name)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(directory.openStore(name)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await directory.close();
  });

  test('opens nothing once closed, also not what was being opened', async () => {
    const path = await temporaryDirectory();
    const directory = await open(path);
    const refusal = {
      code: 'OPTION_INVALID',
      message: `data directory ${path}: log journal cannot be opened: the directory is closed`,
    };
    const opening = expect(directory.openLog('journal')).rejects.toMatchObject(refusal);
    await directory.close();
    await opening;
    await expect(directory.openLog('journal')).rejects.toMatchObject(refusal);
    await (await open(path)).close();
  });

  test('a log that cannot be closed is told, and the directory is free all the same', async () => {
    const logFs = new ScriptedFs();
    const path = await temporaryDirectory();
    const directory = await DataDirectory.open(path, { clock, logFs });
    logFs.closeError = systemError('EIO');
    await directory.openLog('journal');
    await expect(directory.close()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await (await open(path)).close();
  });
});
