import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JOURNAL, damage, dataDirectory, filesIn, portcullis, using } from '../../cli/support/data.ts';

describe('journal verify', () => {
  test('counts the records of a journal that is whole, and changes nothing', async () => {
    const path = await dataDirectory();
    const before = await filesIn(path);
    expect(await portcullis('journal', 'verify', path)).toEqual({
      code: 0,
      out: ['journal: 7 records in 1 file, the first is 1; all are whole'],
      err: [],
    });
    expect(await filesIn(path)).toEqual(before);
  });

  test('removes a last record that was cut off, and says so', async () => {
    const path = await dataDirectory();
    const { [JOURNAL]: whole } = await filesIn(path);
    await appendFile(join(path, JOURNAL), '{"v":1,"seq":8');
    expect(await portcullis('journal', 'verify', path)).toEqual({
      code: 0,
      out: [
        'journal: a last record was cut off and is removed, 14 bytes: nobody was told that it was written',
        'journal: 7 records in 1 file, the first is 1; all are whole',
      ],
      err: [],
    });
    expect((await filesIn(path))[JOURNAL]).toBe(whole);
  });

  test('names file, line and the way out of damage in the middle, and changes nothing', async () => {
    const path = await dataDirectory();
    await damage(path, JOURNAL, 3);
    const before = await filesIn(path);
    const { code, out, err } = await portcullis('journal', 'verify', path);
    expect([code, out]).toEqual([1, []]);
    expect(err[0]).toMatch(
      new RegExp(`^portcullis: LOG_DAMAGED: ${path}/${JOURNAL}: line 3 \\(byte \\d+\\): `),
    );
    expect(err[0]).toContain(`portcullis journal repair ${path}`);
    expect(await filesIn(path)).toEqual(before);
  });

  test('tells which snapshot is good', async () => {
    const path = await dataDirectory((journal) => journal.journal.checkpoint());
    expect(await portcullis('journal', 'verify', path)).toMatchObject({
      code: 0,
      out: [expect.stringContaining('1 records'), 'journal: the newest good snapshot is of record 1'],
    });
  });

  test('fails on a snapshot that is not good', async () => {
    const path = await dataDirectory((journal) => journal.journal.checkpoint());
    const file = (await readdir(path)).find((name) => name.includes('snapshot')) ?? '';
    await writeFile(join(path, file), 'damaged');
    expect(await portcullis('journal', 'verify', path)).toMatchObject({
      code: 1,
      out: [expect.stringContaining('1 records'), `${file}: not good: the file is cut off`],
    });
  });

  test('looks at another log', async () => {
    const path = await dataDirectory();
    expect((await portcullis('journal', 'verify', path, '--log', 'audit')).out).toEqual([
      'audit: 1 records in 1 file, the first is 1; all are whole',
    ]);
  });

  test.each(['nosuch', 'state', 'portcullis.lock'])('makes no log %s that is not there', async (name) => {
    const path = await dataDirectory();
    const before = await filesIn(path);
    expect(await portcullis('journal', 'verify', path, '--log', name)).toEqual({
      code: 2,
      out: [],
      err: [`portcullis: FILE_UNREADABLE: ${path}: there is no log ${name}`],
    });
    expect(await filesIn(path)).toEqual(before);
  });
});

describe('journal show', () => {
  const show = async (...options: string[]) => {
    const { code, out, err } = await portcullis('journal', 'show', await dataDirectory(), ...options);
    expect(code).toBe(0);
    return {
      types: out.map((line) => line.replace(/^(\d+) .*?"type":"(\w+)".*$/, '$1 $2')),
      out,
      err,
    };
  };

  test('prints every record with its number', async () => {
    const { types, err } = await show();
    expect(types).toEqual([
      '1 opened',
      '2 submitting',
      '3 accepted',
      '4 filled',
      '5 submitting',
      '6 accepted',
      '7 filled',
    ]);
    expect(err).toEqual([]);
  });

  test('prints records as they were written', async () => {
    const { out } = await show('--from', '6', '--limit', '1');
    expect(out).toEqual([expect.stringMatching(/^6 \{"type":"accepted","clientOrderId":"b","atMs":\d+\}$/)]);
  });

  test('begins at --from', async () => {
    expect((await show('--from', '6')).types).toEqual(['6 accepted', '7 filled']);
  });

  test('ends after --limit, and says how to go on', async () => {
    const { types, err } = await show('--limit', '2');
    expect(types).toEqual(['1 opened', '2 submitting']);
    expect(err).toEqual(['journal: 2 records shown, more follow: --from 3']);
  });

  test('says nothing of more when there is none', async () => {
    expect((await show('--limit', '7')).err).toEqual([]);
  });

  test('picks one order', async () => {
    expect((await show('--order', 'b')).types).toEqual(['5 submitting', '6 accepted', '7 filled']);
  });

  test('goes on among the records of one order', async () => {
    const { types, err } = await show('--order', 'b', '--limit', '2');
    expect(types).toEqual(['5 submitting', '6 accepted']);
    expect(err).toEqual(['journal: 2 records shown, more follow: --from 7']);
  });

  test('finds an order that was brought back', async () => {
    const path = await dataDirectory();
    await using(path, async (directory) => {
      const log = await directory.openLog('journal');
      await log.append({ type: 'revived', order: { clientOrderId: 'old' } });
    });
    const { out } = await portcullis('journal', 'show', path, '--order', 'old');
    expect(out).toEqual(['8 {"type":"revived","order":{"clientOrderId":"old"}}']);
  });
});
