import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { person, system } from '../../../../src/core/index.ts';
import { FlagControl, type FlagDefinition } from '../../../../src/service/index.ts';
import { nodeFs } from '../../../../src/storage/index.ts';
import { fileInUse, fileWorld, type FileWorld, OFF, ON } from '../../../service/flags/support.ts';

const ADA = person('ada');

interface World extends FileWorld {
  readonly control: FlagControl;
}

const control = async (...args: Parameters<typeof fileInUse>): Promise<World> => {
  const world = await fileInUse(...args);
  return { ...world, control: new FlagControl({ flags: world.provider }) };
};

const definitionOf = ({ provider }: World, flag: string): FlagDefinition | undefined =>
  provider.flags.get(flag)?.definition;

describe('FlagControl', () => {
  test('gives everybody the value that was set, and the rules again after unset', async () => {
    const ruled = { ...OFF, rules: [{ serve: 'on' }] };
    const world = await control({ x: ruled });
    await world.control.set('x', false, ADA, 'wrong fills');
    expect(await world.provider.resolveBooleanEvaluation('x', true)).toEqual({
      value: false,
      variant: 'off',
      reason: 'STATIC',
    });
    await world.control.unset('x', ADA, 'repaired');
    expect(definitionOf(world, 'x')).toEqual({ ...ruled, enabled: true });
  });

  test('writes old, new, who and why to the audit log', async () => {
    const world = await control({ x: OFF });
    await world.control.set('x', true, ADA, 'first step');
    expect(world.audit.events).toEqual([
      {
        kind: 'flags.changed',
        by: ADA,
        reason: 'first step',
        file: world.path,
        changes: [{ flag: 'x', from: OFF, to: { ...OFF, enabled: true, pinned: true } }],
      },
    ]);
  });

  test('has the change in the file, whole, and leaves the other flags as they were', async () => {
    const world = await control({ x: OFF, y: ON });
    await world.control.set('x', true, ADA, 'first step');
    expect(JSON.parse(await readFile(world.path, 'utf8'))).toEqual({
      version: 1,
      flags: { x: { ...OFF, enabled: true, pinned: true }, y: ON },
    });
    expect(await readdir(dirname(world.path))).toEqual(['flags.json']);
  });

  test('is not taken for a change by system:file at the next poll', async () => {
    const world = await control({ x: OFF });
    await world.control.set('x', true, ADA, 'first step');
    await world.provider.reload();
    expect(world.audit.events).toHaveLength(1);
  });

  test('takes in first what was changed in the file meanwhile', async () => {
    const world = await control({ x: OFF, y: OFF });
    await world.write({ x: OFF, y: ON });
    await world.control.set('x', true, ADA, 'first step');
    expect(world.audit.events.map(({ by }) => by)).toEqual([system('file'), ADA]);
    expect(definitionOf(world, 'y')).toEqual(ON);
  });

  test('replaces a definition', async () => {
    const world = await control({ x: OFF });
    const next: FlagDefinition = { ...OFF, rules: [{ serve: 'on', percent: 10 }] };
    await world.control.define('x', next, ADA, 'ten in a hundred');
    expect(definitionOf(world, 'x')).toEqual(next);
  });

  test('takes the same again for no change', async () => {
    const world = await control({ x: OFF });
    await world.control.set('x', true, ADA, 'once');
    await world.control.set('x', true, ADA, 'twice');
    expect(world.audit.events).toHaveLength(1);
  });

  test('changes asked for at once are all made', async () => {
    const world = await control({ x: OFF, y: OFF });
    await Promise.all([
      world.control.set('x', true, ADA, 'a'),
      world.control.set('y', true, ADA, 'b'),
      world.provider.reload(),
    ]);
    expect([definitionOf(world, 'x'), definitionOf(world, 'y')]).toEqual([
      { ...OFF, enabled: true, pinned: true },
      { ...OFF, enabled: true, pinned: true },
    ]);
    expect(world.audit.events).toHaveLength(2);
  });

  test.each([
    ['an unknown flag', 'z', true, 'FLAG_UNKNOWN', 'flag "z": expected one of x'],
    ['a wrong type', 'x', 'on', 'INPUT_INVALID', 'flag x: pinned: expected a boolean, got "on"'],
  ])('refuses %s by name', async (_, flag, value, code, message) => {
    const world = await control({ x: OFF });
    await expect(world.control.set(flag, value, ADA, 'why')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    expect([definitionOf(world, 'x'), world.audit.events]).toEqual([OFF, []]);
  });

  test('refuses another type for a known flag', async () => {
    const world = await control({ x: OFF });
    await expect(
      world.control.define('x', { type: 'string', default: '' }, ADA, 'why'),
    ).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'flag x: type: expected boolean, as code asks for it, got "string"',
    });
  });

  test.each([
    ['no name', person(' '), 'why'],
    ['no reason', ADA, ' '],
    ['nobody', undefined as never, 'why'],
    ['another kind', { kind: 'robot', id: 'x' } as never, 'why'],
  ])('refuses %s', async (_, by, reason) => {
    const world = await control({ x: OFF });
    await expect(world.control.set('x', true, by, reason)).rejects.toMatchObject({
      code: 'PRINCIPAL_REQUIRED',
    });
    expect(definitionOf(world, 'x')).toEqual(OFF);
  });

  test('changes nothing when the audit log does not take it', async () => {
    const world = await control({ x: OFF });
    world.audit.down = true;
    const before = await readFile(world.path, 'utf8');
    await expect(world.control.set('x', true, ADA, 'why')).rejects.toMatchObject({
      code: 'FLAG_CHANGE_REFUSED',
      message: 'flag x stays as it was: the audit log does not take it: no room',
    });
    expect([definitionOf(world, 'x'), await readFile(world.path, 'utf8')]).toEqual([OFF, before]);
  });

  test('changes nothing when the disk does not take it, and the audit log says so', async () => {
    const fs = { ...nodeFs, rename: () => Promise.reject(new Error('disk full')) };
    const world = await control({ x: OFF }, { fs });
    await expect(world.control.set('x', true, ADA, 'why')).rejects.toMatchObject({
      code: 'FLAG_CHANGE_REFUSED',
      message: 'flag x stays as it was: the file cannot be written: disk full',
    });
    expect(definitionOf(world, 'x')).toEqual(OFF);
    expect(world.audit.events.map(({ kind }) => kind)).toEqual(['flags.changed', 'flags.change-failed']);
  });

  test('does not write over a damaged file', async () => {
    const world = await control({ x: OFF });
    await world.writeText('{ half');
    await expect(world.control.set('x', true, ADA, 'why')).rejects.toMatchObject({
      code: 'FLAG_CHANGE_REFUSED',
    });
    expect(await readFile(world.path, 'utf8')).toBe('{ half');
  });

  test('works only while the provider is in use', async () => {
    const world = await fileWorld({ x: OFF });
    const early = new FlagControl({ flags: world.provider });
    await expect(early.set('x', true, ADA, 'why')).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
  });
});
