import { describe, expect, test } from 'vitest';
import { HttpTransport, type TlsOptions } from '../../../src/resilience/index.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { type FaultServer, SERVER_CERTIFICATES } from '../../../src/testing/index.ts';
import { faultServer, said, send, transportOf } from './support/http-world.ts';

const localhost = async () => [{ address: '127.0.0.1', family: 4 as const }];

/** Trusts the authority of the server. */
const trusting = (server: FaultServer, tls: TlsOptions = {}) => ({ tls: { ca: server.ca ?? '', ...tls } });

describe('HttpTransport over TLS', () => {
  test.each([
    ['127.0.0.1', (url: string) => url],
    ['localhost', (url: string) => url.replace('127.0.0.1', 'localhost')],
  ])('trusts a certificate for %s by the authority that it is told', async (_name, at) => {
    const server = await faultServer({ tls: 'good' });
    const transport = transportOf(trusting(server), { lookup: localhost });
    expect(said(await send(transport, at(server.url)))).toBe('status 200');
  });

  test('takes several authorities', async () => {
    const [one, other] = [await faultServer({ tls: 'good' }), await faultServer({ tls: 'good' })];
    const transport = transportOf({ tls: { ca: [Buffer.from(one.ca ?? ''), other.ca ?? ''] } });
    expect([said(await send(transport, one.url)), said(await send(transport, other.url))]).toEqual([
      'status 200',
      'status 200',
    ]);
  });

  test.each(SERVER_CERTIFICATES.filter((kind) => kind !== 'good'))(
    'does not trust a certificate that is %s, and does not try again',
    async (kind) => {
      const server = await faultServer({ tls: kind });
      const outcome = await send(transportOf(trusting(server)), server.url);
      expect(said(outcome)).toEqual({ code: 'UPSTREAM_UNTRUSTED', upstream: 'failing', mayRetry: false });
      expect(outcome).toMatchObject({ failure: { error: expect.any(Error) as unknown } });
      expect(server.received).toBe(0);
    },
  );

  test('does not trust an authority that it was not told of', async () => {
    const server = await faultServer({ tls: 'good' });
    expect(said(await send(transportOf(), server.url))).toMatchObject({ code: 'UPSTREAM_UNTRUSTED' });
  });

  test('tells many at once that a certificate is not for this name', async () => {
    const server = await faultServer({ tls: 'wrong-name' });
    const transport = transportOf({ ...trusting(server), connections: 2 }, { lookup: localhost });
    const url = server.url.replace('127.0.0.1', 'localhost');
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => send(transport, url)));
    expect(new Set(outcomes.map((outcome) => !outcome.ok && outcome.failure.code))).toEqual(
      new Set(['UPSTREAM_UNTRUSTED']),
    );
  });

  test('looks for the name that it is told instead of the one in the URL', async () => {
    const server = await faultServer({ tls: 'good' });
    const lookup = localhost;
    const url = server.url.replace('127.0.0.1', 'internal.test');
    expect(said(await send(transportOf(trusting(server), { lookup }), url))).toMatchObject({
      code: 'UPSTREAM_UNTRUSTED',
    });
    const told = transportOf(trusting(server, { servername: 'localhost' }), { lookup });
    expect(said(await send(told, url))).toBe('status 200');
  });

  test('shows its own certificate where one is required', async () => {
    const server = await faultServer({ tls: 'good', clientCertificates: 'required' });
    const { cert = '', key = '' } = server.clientCertificate() ?? {};
    expect(said(await send(transportOf(trusting(server, { cert, key })), server.url))).toBe('status 200');
    expect(server.received).toBe(1);
  });

  test.each(['none', 'self-signed', 'expired'] as const)(
    'is not let in with a certificate that is %s',
    async (kind) => {
      const server = await faultServer({ tls: 'good', clientCertificates: 'required' });
      const shown = kind === 'none' ? {} : (server.clientCertificate(kind) ?? {});
      const outcome = await send(transportOf(trusting(server, shown)), server.url);
      expect(said(outcome)).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', upstream: 'failing' });
      expect(server.received).toBe(0);
    },
  );

  test('does not take a server without TLS for one with it, nor the other way round', async () => {
    const [plain, secure] = [await faultServer(), await faultServer({ tls: 'good' })];
    const transport = transportOf(trusting(secure));
    expect(said(await send(transport, plain.url.replace('http:', 'https:')))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      phase: 'connect',
    });
    const outcome = await send(transport, secure.url.replace('https:', 'http:'));
    expect(outcome).toMatchObject({ ok: false });
    expect(secure.received).toBe(0);
  });

  test('notices that a renewed certificate is wrong', async () => {
    const server = await faultServer({ tls: 'good' });
    const transport = transportOf({ ...trusting(server), connectionMaxAgeMs: 1 });
    expect(said(await send(transport, server.url))).toBe('status 200');
    server.present('expired');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(said(await send(transport, server.url))).toMatchObject({ code: 'UPSTREAM_UNTRUSTED' });
  });
});

describe('HttpTransport: its TLS options', () => {
  const message = (tls: unknown): string => {
    try {
      new HttpTransport({ tls: tls as TlsOptions }, { clock: new ManualClock() });
    } catch (error) {
      return (error as Error).message;
    }
    return 'taken';
  };

  test.each([
    [
      { key: 'secret' },
      'HttpTransport: tls: certificates and keys that are not PEM, or do not belong together',
    ],
    [{ ca: 5, passphrase: 'secret' }, 'HttpTransport: tls: ca: '],
    [{ passphrase: 'secret', kee: 'secret' }, 'HttpTransport: tls: (whole): Unrecognized key: "kee"'],
    ['secret', 'HttpTransport: tls: (whole): '],
  ])('are refused where they are none, and not shown', (tls, text) => {
    expect(message(tls)).toContain(text);
    expect(message(tls)).not.toContain('secret');
  });
});
