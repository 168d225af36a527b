import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LimitControl } from '../../../src/desk/index.ts';
import { ANN, ScriptedAudit, execution, limitWorld, risk } from '../../desk/support/limit-world.ts';
import { dataDirectory, portcullis, using } from '../../cli/support/data.ts';

const show = (path: string) => portcullis('limits', 'show', path);
const diff = (path: string, file: string) => portcullis('limits', 'diff', path, '--file', file);

/** A directory in which a person has changed the limits. */
async function changed(): Promise<string> {
  const path = await dataDirectory();
  await using(path, async (directory) => {
    const { deps } = await limitWorld();
    const store = await directory.openStore('state');
    const control = await LimitControl.open({ ...deps, store, audit: new ScriptedAudit() });
    await control.change({ risk: risk('6000'), by: ANN, reason: 'calmer markets' });
  });
  return path;
}

async function fileIn(path: string, content: object): Promise<string> {
  const file = join(path, '../..', 'limits.json');
  await writeFile(file, JSON.stringify({ by: 'bob', reason: 'review', ...content }));
  return file;
}

describe('limits show', () => {
  test('says that nothing was recorded', async () => {
    expect(await show(await dataDirectory())).toEqual({
      code: 0,
      out: ['no limits recorded: the process starts with those that it is configured with'],
      err: [],
    });
  });

  test('prints what was recorded, when, by whom and why', async () => {
    const { code, out } = await show(await changed());
    expect([code, out[0]]).toEqual([0, 'changed 2026-01-02T12:00:00.000Z by ann: calmer markets']);
    expect(JSON.parse(out.slice(1).join('\n'))).toMatchObject({
      risk: { maxPositionNotional: '6000' },
      execution: { collarBps: { entry: 500 } },
    });
  });

  test('says what cannot be read', async () => {
    const path = await dataDirectory();
    await using(path, async (directory) => {
      await (await directory.openStore('state')).set('limits', { version: 7 });
    });
    expect(await show(path)).toEqual({
      code: 1,
      out: [],
      err: [expect.stringContaining('FORMAT_UNSUPPORTED: recorded limits: format 7') as string],
    });
  });

  test('refuses a directory in which nothing was recorded', async () => {
    const path = await dataDirectory();
    await rm(join(path, 'state.db'));
    for (const log of ['journal', 'audit']) await rm(join(path, `${log}-00000001.jsonl`));
    expect(await show(path)).toMatchObject({ code: 2, out: [] });
  });
});

describe('limits diff', () => {
  test('says what a file would change, and ends with 1', async () => {
    const path = await changed();
    const file = await fileIn(path, {
      risk: risk('7000', { maxOrderValue: '9' }),
      execution: execution(400),
    });
    expect(await diff(path, file)).toEqual({
      code: 1,
      out: [
        'execution.collarBps.entry: 500 -> 400',
        'risk.maxOrderValue: none -> "9"',
        'risk.maxPositionNotional: "6000" -> "7000"',
      ],
      err: [],
    });
  });

  test('ends with 0 when a file would change nothing', async () => {
    const path = await changed();
    expect(await diff(path, await fileIn(path, { risk: risk('6000.0') }))).toEqual({
      code: 0,
      out: ['no difference'],
      err: [],
    });
  });

  test('says that there is nothing to compare with', async () => {
    const path = await dataDirectory();
    const { code, out } = await diff(path, await fileIn(path, { execution: execution(400) }));
    expect([code, out]).toEqual([0, [expect.stringContaining('no limits recorded') as string]]);
  });

  test.each([
    ['that is not there', undefined, 'FILE_UNREADABLE'],
    ['without a name', { by: '', risk: risk('1') }, 'INPUT_INVALID'],
    ['that is out of range', { risk: risk('-1') }, 'OPTION_INVALID'],
  ])('refuses a file %s', async (_what, content, code) => {
    const path = await changed();
    const file = content === undefined ? join(path, 'nowhere') : await fileIn(path, content);
    const said = await diff(path, file);
    expect([said.code, said.out]).toEqual([2, []]);
    expect(said.err[0]).toContain(code);
  });

  test('asks for a file', async () => {
    expect((await portcullis('limits', 'diff', await changed())).err[0]).toContain(
      'INPUT_INVALID: limits diff: file',
    );
  });
});
