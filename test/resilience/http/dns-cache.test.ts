import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { DnsCache } from '../../../src/resilience/http/dns-cache.ts';
import type { ResolvedAddress } from '../../../src/resilience/index.ts';

const TTL_MS = 1_000;

/** A cache over names that can be moved, and the names it asked for. */
function world(zone: Record<string, readonly string[] | Error>) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const cache = new DnsCache(TTL_MS, clock, async (hostname): Promise<readonly ResolvedAddress[]> => {
    asked.push(hostname);
    const found = zone[hostname] ?? failing('ENOTFOUND');
    if (found instanceof Error) throw found;
    return found.map((address) => ({ address, family: 4 }));
  });
  const addresses = async (hostname = 'a.test'): Promise<string[]> =>
    (await cache.addresses(hostname)).map(({ address }) => address);
  return { zone, clock, asked, cache, addresses };
}

const failing = (code: string): Error => Object.assign(new Error(code), { code });

describe('DnsCache', () => {
  test('gives the addresses in turn', async () => {
    const { addresses } = world({ 'a.test': ['1.1.1.1', '2.2.2.2', '3.3.3.3'] });
    expect([await addresses(), await addresses(), await addresses(), await addresses()]).toEqual([
      ['1.1.1.1', '2.2.2.2', '3.3.3.3'],
      ['2.2.2.2', '3.3.3.3', '1.1.1.1'],
      ['3.3.3.3', '1.1.1.1', '2.2.2.2'],
      ['1.1.1.1', '2.2.2.2', '3.3.3.3'],
    ]);
  });

  test('asks again when the time of an answer is over, and not before', async () => {
    const { zone, clock, asked, addresses } = world({ 'a.test': ['1.1.1.1'] });
    await addresses();
    zone['a.test'] = ['2.2.2.2'];
    clock.advance(TTL_MS - 1);
    expect(await addresses()).toEqual(['1.1.1.1']);
    clock.advance(1);
    expect(await addresses()).toEqual(['2.2.2.2']);
    expect(asked).toEqual(['a.test', 'a.test']);
  });

  test('asks once for many who want to know at the same time', async () => {
    const { asked, addresses } = world({ 'a.test': ['1.1.1.1'], 'b.test': ['2.2.2.2'] });
    await Promise.all([addresses(), addresses(), addresses('b.test'), addresses()]);
    expect(asked).toEqual(['a.test', 'b.test']);
  });

  test('asks anew 5 seconds after a lookup that has not come back, and not before', async () => {
    const clock = new ManualClock();
    const asked: ((found: readonly ResolvedAddress[]) => void)[] = [];
    const cache = new DnsCache(TTL_MS, clock, () => new Promise((answer) => asked.push(answer)));
    const first = cache.addresses('a.test');
    clock.advance(4_999);
    void cache.addresses('a.test');
    expect(asked).toHaveLength(1);
    clock.advance(1);
    const second = cache.addresses('a.test');
    const third = cache.addresses('a.test');
    expect(asked).toHaveLength(2);
    const found = [{ address: '1.1.1.1', family: 4 }] as const;
    asked[1]?.(found);
    expect([await second, await third]).toEqual([found, found]);
    asked[0]?.(found);
    expect(await first).toEqual(found);
  });

  test('puts an address that took no connection last, for as long as an answer holds', async () => {
    const { clock, cache, addresses } = world({ 'a.test': ['1.1.1.1', '2.2.2.2'] });
    await addresses();
    cache.failed('a.test', ['2.2.2.2']);
    expect([await addresses(), await addresses()]).toEqual([
      ['1.1.1.1', '2.2.2.2'],
      ['1.1.1.1', '2.2.2.2'],
    ]);
    clock.advance(TTL_MS);
    const later = [await addresses(), await addresses()];
    expect(later.map(([first]) => first).sort()).toEqual(['1.1.1.1', '2.2.2.2']);
  });

  test('takes an address back that took a connection', async () => {
    const { cache, addresses } = world({ 'a.test': ['1.1.1.1', '2.2.2.2'] });
    await addresses();
    cache.failed('a.test', ['2.2.2.2']);
    cache.worked('a.test', '2.2.2.2');
    expect(await addresses()).toEqual(['2.2.2.2', '1.1.1.1']);
  });

  test('asks at once when no address took a connection', async () => {
    const { zone, cache, asked, addresses } = world({ 'a.test': ['1.1.1.1', '2.2.2.2'] });
    await addresses();
    zone['a.test'] = ['3.3.3.3'];
    cache.failed('a.test', ['1.1.1.1']);
    await addresses();
    expect(asked).toHaveLength(1);
    cache.failed('a.test', ['2.2.2.2']);
    expect(await addresses()).toEqual(['3.3.3.3']);
  });

  test('uses the addresses it knows while the resolver fails', async () => {
    const { zone, clock, asked, addresses } = world({ 'a.test': ['1.1.1.1'] });
    await addresses();
    zone['a.test'] = failing('EAI_AGAIN');
    clock.advance(TTL_MS);
    expect([await addresses(), await addresses()]).toEqual([['1.1.1.1'], ['1.1.1.1']]);
    expect(asked).toHaveLength(2);
  });

  test.each(['ENOTFOUND', 'ENODATA'])('does not use them when the name is gone (%s)', async (code) => {
    const { zone, clock, addresses } = world({ 'a.test': ['1.1.1.1'] });
    await addresses();
    zone['a.test'] = failing(code);
    clock.advance(TTL_MS);
    await expect(addresses()).rejects.toThrow(code);
  });

  test('remembers no failure', async () => {
    const { zone, addresses } = world({ 'a.test': failing('EAI_AGAIN') });
    await expect(addresses()).rejects.toThrow('EAI_AGAIN');
    zone['a.test'] = ['1.1.1.1'];
    expect(await addresses()).toEqual(['1.1.1.1']);
  });

  test('takes a name without addresses for one that is not there', async () => {
    const { addresses } = world({ 'a.test': [] });
    await expect(addresses()).rejects.toMatchObject({ code: 'ENOTFOUND', message: 'a.test has no address' });
  });

  test('keeps a thousand names, and forgets the oldest', async () => {
    const names = Array.from({ length: 1_001 }, (_none, index) => `n${index}.test`);
    const { asked, addresses } = world(Object.fromEntries(names.map((name) => [name, ['1.1.1.1']])));
    for (const name of names) await addresses(name);
    await addresses('n1.test');
    expect(asked).toHaveLength(1_001);
    await addresses('n0.test');
    expect(asked).toHaveLength(1_002);
  });

  test('hears of names it does not know without a word', () => {
    const { cache } = world({});
    cache.failed('x.test', ['1.1.1.1']);
    cache.worked('x.test', '1.1.1.1');
  });

  test('asks the system unless told otherwise', async () => {
    const found = await new DnsCache(TTL_MS, new ManualClock()).addresses('localhost');
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as unknown,
        }) as unknown,
      ]) as unknown,
    );
  });
});
