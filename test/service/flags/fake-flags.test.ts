import { ProviderEvents } from '@openfeature/server-sdk';
import { describe, expect, test, vi } from 'vitest';
import { FakeFlags } from '../../../src/testing/index.ts';

describe('FakeFlags', () => {
  test('gives what the test set, at once', async () => {
    const flags = new FakeFlags({ x: true, size: 5, name: 'a', shape: { deep: [1] } });
    const { client } = flags;
    expect([
      await client.getBooleanValue('x', false),
      await client.getNumberValue('size', 0),
      await client.getStringValue('name', ''),
      await client.getObjectValue('shape', {}),
    ]).toEqual([true, 5, 'a', { deep: [1] }]);
    flags.set('x', false);
    expect(await client.getBooleanValue('x', true)).toBe(false);
  });

  test('may depend on the context', async () => {
    const { client } = new FakeFlags({ x: ({ accountId }) => accountId === 'a' });
    expect(await client.getBooleanDetails('x', false, { accountId: 'a' })).toMatchObject({
      value: true,
      reason: 'TARGETING_MATCH',
    });
    expect(await client.getBooleanValue('x', true, { accountId: 'b' })).toBe(false);
  });

  test.each([
    ['not set', {}, 'FLAG_NOT_FOUND'],
    ['of another type', { x: 'yes' }, 'TYPE_MISMATCH'],
  ])('gives the default in the code for a flag that is %s', async (_, set, errorCode) => {
    expect(await new FakeFlags(set).client.getBooleanDetails('x', true)).toMatchObject({
      value: true,
      errorCode,
    });
  });

  test('fails on demand until the flag is set again', async () => {
    const flags = new FakeFlags({ x: true });
    flags.fail('x', 'down');
    expect(await flags.client.getBooleanDetails('x', false)).toMatchObject({
      value: false,
      errorMessage: 'down',
    });
    flags.set('x', true);
    expect(await flags.client.getBooleanValue('x', false)).toBe(true);
    flags.clear('x');
    expect(await flags.client.getBooleanValue('x', false)).toBe(false);
  });

  test('remembers what was asked', async () => {
    const flags = new FakeFlags();
    await flags.client.getNumberValue('size', 3, { accountId: 'a' });
    expect(flags.asked).toEqual([{ flag: 'size', defaultValue: 3, context: { accountId: 'a' } }]);
  });

  test('tells handlers of a change, and never meets another test', async () => {
    const [flags, others] = [new FakeFlags({ x: true }), new FakeFlags({ x: false })];
    const seen: unknown[] = [];
    flags.client.addHandler(ProviderEvents.ConfigurationChanged, (details) =>
      seen.push(details?.['flagsChanged']),
    );
    others.set('y', 1);
    flags.set('x', false);
    await vi.waitFor(() => expect(seen).toEqual([['x']]));
  });
});
