import { type Http2SecureServer, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { TestAuthority } from '../../../src/testing/fault-certificates.ts';
import { callOf, closing, said, send, transportOf } from './support/http-world.ts';

/** A server that speaks both versions, and says which one it was asked in; a path `/hang` is never answered. */
async function bothVersions(): Promise<{ url: string; ca: string }> {
  const authority = new TestAuthority(new SystemClock());
  const server = createSecureServer(
    { ...authority.server('good'), allowHTTP1: true },
    (request, response) => {
      if (request.url === '/hang') return;
      response.writeHead(request.url === '/busy' ? 503 : 200).end(request.httpVersion);
    },
  );
  const sessions = new Set<{ destroy: () => void }>();
  server.on('session', (session: { destroy: () => void }) => sessions.add(session));
  server.on('secureConnection', (socket: { destroy: () => void }) => sessions.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing({ [Symbol.asyncDispose]: () => ended(server, sessions) });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: authority.ca };
}

async function ended(server: Http2SecureServer, sessions: Iterable<{ destroy: () => void }>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const session of sessions) session.destroy();
  await closed;
}

describe('HttpTransport and HTTP/2', () => {
  test.each([
    [false, '1.1'],
    [true, '2.0'],
  ])('agrees on it only where it is allowed (%s)', async (allowH2, version) => {
    const { url, ca } = await bothVersions();
    const outcome = await send(transportOf({ allowH2, tls: { ca } }), url);
    expect(outcome).toMatchObject({ ok: true, value: { status: 200, body: Buffer.from(version) } });
  });

  test('speaks HTTP/1.1 unless told otherwise', async () => {
    const { url, ca } = await bothVersions();
    const outcome = await send(transportOf({ tls: { ca } }), url);
    expect(outcome).toMatchObject({ value: { body: Buffer.from('1.1') } });
  });

  test('heeds statuses and aborts over it', async () => {
    const { url, ca } = await bothVersions();
    const transport = transportOf({ allowH2: true, tls: { ca } });
    expect(said(await send(transport, url, { path: '/busy' }))).toMatchObject({ status: 503, body: '2.0' });
    const controller = new AbortController();
    const hanging = send(transport, url, { path: '/hang' }, callOf({ signal: controller.signal }));
    await new SystemClock().sleep(30);
    controller.abort();
    expect(said(await hanging)).toMatchObject({ code: 'ABORTED' });
    expect(said(await send(transport, url))).toBe('status 200');
  });
});
