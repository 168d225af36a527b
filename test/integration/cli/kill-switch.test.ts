import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { system } from '../../../src/core/index.ts';
import { KillSwitch } from '../../../src/risk/index.ts';
import {
  NOON,
  clock,
  damage,
  dataDirectory,
  fillDisk,
  killRecords,
  portcullis,
  recordsOf,
  using,
} from '../../cli/support/data.ts';

const WHY = ['--by', 'ada', '--reason', 'odd prices'];
const trip = (path: string, ...options: string[]) => portcullis('kill-switch', 'trip', path, ...options);
const release = (path: string, ...options: string[]) =>
  portcullis('kill-switch', 'release', path, ...options);
const FIRM = ['--scope', 'firm', '--confirm', 'firm'];

/** A directory in which the firm was halted by a monitor. */
async function halted(): Promise<string> {
  const path = await dataDirectory();
  await using(path, async (directory) => {
    const killSwitch = await KillSwitch.open({ store: await directory.openStore('state'), clock }, false);
    await killSwitch.trip({ to: 'halted', reason: 'no heartbeat', by: system('dead-man-switch') });
  });
  return path;
}

const audited = async (path: string) => (await recordsOf(path, 'audit')).slice(1);

describe('kill-switch show', () => {
  test('says that nothing is tripped', async () => {
    expect(await portcullis('kill-switch', 'show', await dataDirectory())).toEqual({
      code: 0,
      out: ['active'],
      err: [],
    });
  });

  test('says what is tripped, since when, by whom and why', async () => {
    expect((await portcullis('kill-switch', 'show', await halted())).out).toEqual([
      'firm: halted since 2026-01-02T12:00:00.000Z by dead-man-switch: no heartbeat',
    ]);
  });

  test('says that a missing record means halted, and how to begin a new one', async () => {
    const path = await dataDirectory();
    await rm(join(path, 'state.db'));
    const { out } = await portcullis('kill-switch', 'show', path);
    expect(out[0]).toMatch(/^firm: halted since .* no kill-switch record .* release the firm scope/);
  });

  test('refuses a directory in which nothing was recorded', async () => {
    const path = await dataDirectory();
    await rm(join(path, 'state.db'));
    for (const log of ['journal', 'audit']) await rm(join(path, `${log}-00000001.jsonl`));
    expect(await portcullis('kill-switch', 'show', path)).toMatchObject({ code: 2, out: [] });
  });
});

describe('kill-switch trip', () => {
  test.each([
    ['firm', { kind: 'firm' }],
    ['venue:paper', { kind: 'venue', id: 'paper' }],
    ['account:main', { kind: 'account', id: 'main' }],
    ['strategy:band', { kind: 'strategy', id: 'band' }],
    ['instrument:BTC:USD', { kind: 'instrument', id: 'BTC:USD' }],
  ])('of %s is obeyed by the next start, and stands in the audit log', async (text, scope) => {
    const path = await dataDirectory();
    const said = await trip(path, '--scope', text, '--to', 'reducing', ...WHY);
    const line = `${text}: reducing since 2026-01-02T12:00:00.000Z by ada: odd prices`;
    expect(said).toEqual({ code: 0, out: [line], err: [] });
    const by = { kind: 'person', id: 'ada' };
    const record = { scope, state: 'reducing', reason: 'odd prices', by, atMs: NOON };
    expect(await killRecords(path)).toEqual([record]);
    expect(await audited(path)).toMatchObject([{ kind: 'kill-switch.tripped', details: { record } }]);
    expect(await portcullis('audit', 'verify', path)).toMatchObject({ code: 0 });
  });

  test('never loosens, and records only what changed', async () => {
    const path = await halted();
    const { code, out } = await trip(path, '--scope', 'firm', '--to', 'reducing', ...WHY);
    expect(code).toBe(0);
    expect(out[0]).toContain('firm: halted');
    expect(await audited(path)).toEqual([]);
  });

  test('that the disk refuses is told', async () => {
    const path = await dataDirectory();
    fillDisk(path);
    const { code, out, err } = await trip(path, '--scope', 'firm', '--to', 'halted', ...WHY);
    expect([code, out]).toEqual([1, []]);
    expect(err[0]).toMatch(/^portcullis: STORE_UNAVAILABLE: .*: set failed: disk full/);
    expect(await audited(path)).toEqual([]);
  });

  test('counts also when the audit log is damaged, which it says', async () => {
    const path = await dataDirectory();
    await trip(path, '--scope', 'venue:x', '--to', 'reducing', ...WHY);
    await damage(path, 'audit-00000001.jsonl', 1);
    const { code, err } = await trip(path, '--scope', 'firm', '--to', 'halted', ...WHY);
    expect(code).toBe(1);
    expect(err[0]).toContain('LOG_DAMAGED');
    expect((await killRecords(path)).map(({ state }) => state)).toEqual(['reducing', 'halted']);
  });
});

describe('kill-switch release', () => {
  test('by a person who types the scope out is obeyed by the next start, and audited', async () => {
    const path = await halted();
    expect(await release(path, ...FIRM, ...WHY)).toEqual({ code: 0, out: ['active'], err: [] });
    expect(await killRecords(path)).toEqual([]);
    expect(await audited(path)).toMatchObject([
      { kind: 'kill-switch.released', by: { kind: 'person', id: 'ada' }, details: { reason: 'odd prices' } },
    ]);
  });

  test('takes a second person along', async () => {
    const path = await halted();
    expect(await release(path, ...FIRM, ...WHY, '--second', 'grace')).toMatchObject({ code: 0 });
    expect(await audited(path)).toMatchObject([{ details: { second: { kind: 'person', id: 'grace' } } }]);
  });

  test('says what is tripped still', async () => {
    const path = await halted();
    await trip(path, '--scope', 'account:main', '--to', 'halted', ...WHY);
    expect((await release(path, ...FIRM, ...WHY)).out).toEqual([
      'account:main: halted since 2026-01-02T12:00:00.000Z by ada: odd prices',
    ]);
  });

  test.each([
    [
      'without confirm',
      ['--scope', 'firm', ...WHY],
      'INPUT_INVALID: kill-switch release: confirm: expected a value',
    ],
    [
      'without a name',
      [...FIRM, '--reason', 'r'],
      'INPUT_INVALID: kill-switch release: by: expected a value',
    ],
    [
      'without a reason',
      [...FIRM, '--by', 'ada'],
      'INPUT_INVALID: kill-switch release: reason: expected a value',
    ],
    [
      'with another scope typed out',
      ['--scope', 'firm', '--confirm', 'frim', ...WHY],
      'RELEASE_REFUSED: release firm: expected confirm "firm", got "frim"',
    ],
    [
      'of what is not tripped',
      ['--scope', 'account:a', '--confirm', 'account:a', ...WHY],
      'RELEASE_REFUSED: release account:a: it is not tripped',
    ],
    [
      'with oneself as the second person',
      [...FIRM, ...WHY, '--second', 'Ada'],
      'RELEASE_REFUSED: release firm: expected a second named person besides "ada"',
    ],
  ])('%s is refused', async (_, options, message) => {
    const path = await halted();
    const { code, out, err } = await release(path, ...options);
    expect([code, out]).toEqual([2, []]);
    expect(err[0]).toContain(`portcullis: ${message}`);
    expect((await killRecords(path)).map(({ state }) => state)).toEqual(['halted']);
    expect(await audited(path)).toEqual([]);
  });

  test('that cannot be audited is refused', async () => {
    const path = await halted();
    await trip(path, '--scope', 'venue:x', '--to', 'reducing', ...WHY);
    await damage(path, 'audit-00000001.jsonl', 1);
    expect(await release(path, ...FIRM, ...WHY)).toMatchObject({ code: 1, out: [] });
    expect(await killRecords(path)).toHaveLength(2);
  });

  test('can be audited in a log of another name', async () => {
    const path = await halted();
    expect(await release(path, ...FIRM, ...WHY, '--audit', 'audit-2')).toMatchObject({ code: 0 });
    expect(await recordsOf(path, 'audit-2')).toMatchObject([{ seq: 1, kind: 'kill-switch.released' }]);
  });
});
