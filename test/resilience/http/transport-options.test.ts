import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { transportSettings } from '../../../src/resilience/http/transport-options.ts';
import { HttpTransport, type TransportOptions } from '../../../src/resilience/index.ts';

describe('transportSettings', () => {
  test('fills the defaults in', () => {
    expect(transportSettings({})).toEqual({
      connections: 16,
      connectTimeoutMs: 5_000,
      silenceTimeoutMs: 60_000,
      keepAliveMs: 4_000,
      connectionMaxAgeMs: 300_000,
      maxResponseBytes: 10_485_760,
      maxHeaderBytes: 16_384,
      dnsTtlMs: 30_000,
      allowPrivateAddresses: false,
      allowH2: false,
      tls: {},
    });
  });

  test.each([
    [{ connections: 0 }, 'connections'],
    [{ connectTimeoutMs: Infinity }, 'connectTimeoutMs'],
    [{ maxResponseBytes: 1.5 }, 'maxResponseBytes'],
    [{ dnsTtlMs: -1 }, 'dnsTtlMs'],
    [{ allowPrivateAddresses: 'yes' }, 'allowPrivateAddresses'],
    [{ conections: 1 }, 'Unrecognized key: "conections"'],
  ])('refuses %j by name', (options, name) => {
    const parse = (): unknown => transportSettings(options as unknown as TransportOptions);
    expect(parse).toThrow(name);
    expect(parse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('takes a proxy over http and https', () => {
    const proxies = ['http://user:pw@proxy:3128', 'https://proxy'];
    expect(proxies.map((proxyUrl) => transportSettings({ proxyUrl }).proxyUrl)).toEqual(proxies);
  });

  test('refuses a network that is none when the transport is made', () => {
    const make = (): unknown =>
      new HttpTransport({ allowPrivateAddresses: ['10.0.0.0'] }, { clock: new ManualClock() });
    expect(make).toThrow('allowPrivateAddresses: expected a CIDR');
  });
});
