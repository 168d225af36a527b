import { OpenFeature, ProviderEvents, ProviderStatus } from '@openfeature/server-sdk';
import { describe, expect, test, vi } from 'vitest';
import { EnvFlagProvider, openFlags } from '../../../src/service/index.ts';
import { fileInUse, fileWorld, listedLogger, OFF, ON } from './support.ts';

const env = (text: string): EnvFlagProvider => new EnvFlagProvider({ env: { FLAG_X: text } });

describe('openFlags', () => {
  test('keeps two services of one name apart, and the default provider as it was', async () => {
    const before = OpenFeature.getProvider();
    const first = await openFlags('quotes', env('on'));
    const second = await openFlags('quotes', env('off'));
    expect(await first.client.getBooleanValue('x', false)).toBe(true);
    expect(await second.client.getBooleanValue('x', true)).toBe(false);
    expect(OpenFeature.getProvider()).toBe(before);
    await first.close();
    await second.close();
  });

  test('initialises the provider and closes it', async () => {
    const { provider, clock } = await fileWorld({ x: ON });
    const { client, close } = await openFlags('quotes', provider);
    expect([client.providerStatus, await client.getBooleanValue('x', false)]).toEqual([
      ProviderStatus.READY,
      true,
    ]);
    await close();
    expect(clock.nextDueMs).toBe(Infinity);
    expect(await client.getBooleanValue('x', false)).toBe(false);
    await close();
  });

  test('rejects as the provider does, and leaves nothing behind', async () => {
    const { provider, writeText, clock } = await fileWorld({});
    await writeText('{');
    await expect(openFlags('quotes', provider)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('tells handlers which flags have changed, and that a damaged file makes them stale', async () => {
    const { provider, write, writeText } = await fileInUse({ x: OFF });
    const { client, close } = await openFlags('quotes', provider);
    const seen: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (details) => seen.push(details?.['flagsChanged']));
    await write({ x: ON });
    await provider.reload();
    await vi.waitFor(() => expect(seen).toEqual([['x']]));
    await writeText('{');
    await provider.reload();
    await vi.waitFor(() => expect(client.providerStatus).toBe(ProviderStatus.STALE));
    expect(await client.getBooleanValue('x', false)).toBe(true);
    await close();
  });

  test('gives the default in the code, and does not throw, whatever goes wrong', async () => {
    const { lines, logger } = listedLogger();
    const { client, close } = await openFlags('quotes', env('maybe'), { logger });
    expect(await client.getBooleanDetails('x', true)).toMatchObject({
      value: true,
      reason: 'ERROR',
      errorCode: 'TYPE_MISMATCH',
    });
    expect(await client.getBooleanDetails('y', true)).toMatchObject({
      value: true,
      errorCode: 'FLAG_NOT_FOUND',
    });
    expect(await client.getBooleanDetails('x', true, null as never)).toMatchObject({
      value: true,
      reason: 'ERROR',
    });
    expect(lines.every((line) => line.startsWith('debug'))).toBe(true);
    await close();
  });
});
