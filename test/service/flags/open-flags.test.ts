import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenFeature, ProviderEvents, ProviderStatus } from '@openfeature/server-sdk';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EnvFlagProvider, type OpenFlags, openFlags } from '../../../src/service/index.ts';
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

describe('the domains of the SDK', () => {
  const domainOf = ({ client }: OpenFlags): string | undefined => client.metadata.domain;

  test('are used again once closed, and never by two at once', async () => {
    const [first, second] = await Promise.all([
      openFlags('again', env('on')),
      openFlags('again', env('off')),
    ]);
    const domains = [domainOf(first), domainOf(second)];
    expect(new Set(domains).size).toBe(2);
    await first.close();
    await first.close();
    const third = await openFlags('again', env('on'));
    const fourth = await openFlags('again', env('on'));
    expect(domainOf(third)).toBe(domains[0]);
    expect(domains).not.toContain(domainOf(fourth));
    await first.close();
    expect(await third.client.getBooleanValue('x', false)).toBe(true);
    await Promise.all([second.close(), third.close(), fourth.close()]);
  });

  test('of a provider that would not start are used again', async () => {
    const { provider, writeText } = await fileWorld({});
    await writeText('{');
    const first = await openFlags('failing', env('on'));
    await first.close();
    const set = vi.spyOn(OpenFeature, 'setProviderAndWait');
    onTestFinished(() => set.mockRestore());
    await expect(openFlags('failing', provider)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const second = await openFlags('failing', env('on'));
    expect(domainOf(second)).toBe(set.mock.calls[0]?.[0]);
    await second.close();
  });

  test('show a closed client nothing of who comes next: no flags, no status, no events', async () => {
    const first = await openFlags('private', env('off'));
    const seen: string[] = [];
    first.client.addHandler(ProviderEvents.Error, () => seen.push('error'));
    const removed = (): unknown => seen.push('removed');
    first.client.addHandler(ProviderEvents.Error, removed);
    first.client.removeHandler(ProviderEvents.Error, removed);
    const domain = domainOf(first);
    await first.close();
    const { provider, writeText } = await fileWorld({});
    await writeText('{');
    await expect(openFlags('private', provider)).rejects.toThrow();
    const next = await openFlags('private', env('on'));
    expect(domainOf(next)).toBe(domain);
    expect(await first.client.getBooleanValue('x', false)).toBe(false);
    expect(await next.client.getBooleanValue('x', false)).toBe(true);
    expect(seen).toEqual([]);
    expect(next.client.getHandlers(ProviderEvents.Error)).toEqual([]);
    await next.close();
  });

  test('wait for an evaluation under way', async () => {
    const first = await openFlags('slow', env('off'));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    expect(first.client.addHooks({ before: () => promise })).toBe(first.client);
    const value = first.client.getBooleanValue('x', false);
    const domain = domainOf(first);
    await first.close();
    const second = await openFlags('slow', env('on'));
    expect(domainOf(second)).not.toBe(domain);
    resolve(undefined);
    expect(await value).toBe(false);
    await vi.waitFor(async () => {
      const third = await openFlags('slow', env('on'));
      onTestFinished(third.close);
      expect(domainOf(third)).toBe(domain);
    });
    await second.close();
  });

  test('keep the heap flat over a thousand opened and closed', { timeout: 60_000 }, async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const heapAfter = async (rounds: number): Promise<number> => {
      for (let i = 0; i < rounds; i += 1) {
        const { close } = await openFlags('heap', env('on'));
        await close();
      }
      gc();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(100);
    expect((await heapAfter(1000)) - before).toBeLessThan(1_000_000);
  });
});
