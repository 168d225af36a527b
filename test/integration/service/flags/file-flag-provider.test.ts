import { rm } from 'node:fs/promises';
import { ProviderEvents } from '@openfeature/server-sdk';
import { describe, expect, test } from 'vitest';
import { FileFlagProvider } from '../../../../src/service/index.ts';
import { fileInUse, fileText, fileWorld, OFF, ON } from '../../../service/flags/support.ts';

const isOn = async (provider: FileFlagProvider, flag = 'x'): Promise<unknown> =>
  (await provider.resolveBooleanEvaluation(flag, false)).value;

const changes = (provider: FileFlagProvider): unknown[] => {
  const seen: unknown[] = [];
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, (details) =>
    seen.push(details?.['flagsChanged']),
  );
  return seen;
};

describe('FileFlagProvider', () => {
  test('reads nothing before it is initialised', async () => {
    const { provider } = await fileWorld({ x: ON });
    expect(provider.flags.size).toBe(0);
    await provider.initialize();
    expect(await isOn(provider)).toBe(true);
  });

  test('takes in a new content at the next poll and says which flags changed', async () => {
    const { provider, clock, write } = await fileInUse({ x: OFF, y: OFF, z: OFF });
    const seen = changes(provider);
    await write({ x: ON, y: OFF, w: ON });
    clock.advance(4999);
    await provider.onceIdle();
    expect(await isOn(provider)).toBe(false);
    clock.advance(1);
    await provider.onceIdle();
    expect(await isOn(provider)).toBe(true);
    expect(seen).toEqual([['x', 'z', 'w']]);
  });

  test('audits what it found in the file, by system:file', async () => {
    const { provider, audit, write, path } = await fileInUse({ x: OFF });
    await write({ x: ON });
    await provider.reload();
    expect(audit.events).toEqual([
      {
        kind: 'flags.changed',
        by: { kind: 'system', id: 'file' },
        reason: 'found in the file',
        file: path,
        changes: [{ flag: 'x', from: OFF, to: ON }],
      },
    ]);
  });

  test('does not take in what the audit log does not take, until it does', async () => {
    const { provider, audit, write } = await fileInUse({ x: OFF });
    audit.down = true;
    await write({ x: ON });
    await provider.reload();
    expect([await isOn(provider), provider.fault]).toEqual([
      false,
      'flag x stays as it was: the audit log does not take it: no room',
    ]);
    audit.down = false;
    await provider.reload();
    expect([await isOn(provider), provider.fault]).toEqual([true, undefined]);
  });

  test('takes another way to write the same for no change', async () => {
    const { provider, audit, writeText } = await fileInUse({ x: OFF });
    const seen = changes(provider);
    await writeText(`\n${fileText({ x: OFF })}\n`);
    await provider.reload();
    expect([seen, audit.events, provider.fault]).toEqual([[], [], undefined]);
  });

  test.each([
    ['half a file', '{"flags":{"x"', 'expected JSON'],
    [
      'a bad flag',
      fileText({ x: { type: 'boolean', default: 'yes' } }),
      'flag x: default: expected a boolean, got "yes"',
    ],
    ['a bad name', fileText({ ' x': ON }), 'flags'],
    ['another version', '{"version":2,"flags":{}}', 'version'],
    ['nothing', '', 'expected JSON'],
  ])('keeps the last good flags when the file becomes %s', async (_, text, why) => {
    const { provider, audit, lines, writeText, write } = await fileInUse({ x: ON });
    const events: string[] = [];
    provider.events.addHandler(ProviderEvents.Stale, () => events.push('stale'));
    provider.events.addHandler(ProviderEvents.Ready, () => events.push('ready'));
    await writeText(text);
    await provider.reload();
    await provider.reload();
    expect(await isOn(provider)).toBe(true);
    expect(provider.fault).toContain(why);
    expect(audit.events).toEqual([
      expect.objectContaining({
        kind: 'flags.file-refused',
        by: { kind: 'system', id: 'file' },
        why: provider.fault,
      }),
    ]);
    expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1);

    await write({ x: ON });
    await provider.reload();
    expect([provider.fault, events]).toEqual([undefined, ['stale', 'ready']]);
  });

  test('keeps the last good flags when the file is gone, even with the audit log down', async () => {
    const { provider, audit, path, lines } = await fileInUse({ x: ON });
    audit.down = true;
    await rm(path);
    await provider.reload();
    expect([await isOn(provider), provider.fault]).toEqual([true, expect.stringContaining('ENOENT')]);
    expect(lines).toContain('error flags: the audit log does not take it');
  });

  test.each([
    ['a missing file', undefined, 'FILE_UNREADABLE'],
    ['a damaged file', '{', 'INPUT_INVALID'],
  ])('does not begin with %s', async (_, text, code) => {
    const { provider, writeText, path } = await fileWorld({});
    await (text === undefined ? rm(path) : writeText(text));
    await expect(provider.initialize()).rejects.toMatchObject({ code });
  });

  test('looks no more after it is closed', async () => {
    const { provider, clock, write } = await fileInUse({ x: OFF });
    await provider.onClose();
    await write({ x: ON });
    clock.advance(60_000);
    await provider.reload();
    expect([await isOn(provider), clock.nextDueMs]).toEqual([false, Infinity]);
    await provider.onClose();
  });

  test('initialised twice polls once', async () => {
    const { provider, clock } = await fileInUse({ x: OFF });
    await provider.initialize();
    await provider.onClose();
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('reports a flag from the moment it expires, once, and it works on', async () => {
    const { provider, clock, lines } = await fileInUse({
      x: { ...ON, expiresAt: '2026-03-01T00:00:05Z' },
      y: ON,
    });
    clock.advance(4999);
    expect(provider.expired).toEqual([]);
    clock.advance(1);
    await provider.reload();
    await provider.reload();
    expect(provider.expired).toEqual(['x']);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn flags: this one has expired and should go',
    ]);
    expect(await isOn(provider)).toBe(true);
  });

  test('refuses a misspelt option by name', async () => {
    const { clock, audit } = await fileWorld({});
    expect(() => new FileFlagProvider({ path: 'x', polMs: 5 } as never, { clock, audit })).toThrow(/polMs/);
  });
});
