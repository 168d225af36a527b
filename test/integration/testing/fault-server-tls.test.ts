import { X509Certificate } from 'node:crypto';
import { type TLSSocket, connect } from 'node:tls';
import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Credentials, FaultServer } from '../../../src/testing/index.ts';
import { RawClient, eventually, faultServer, forMs } from './raw-client.ts';

/** The answer's status, or the code of what went wrong. */
async function asked(
  server: FaultServer,
  options: { ca?: string | undefined } & Partial<Credentials> = { ca: server.ca },
): Promise<number | string> {
  const dispatcher = new Agent({ connect: options as { ca: string } });
  onTestFinished(() => dispatcher.destroy());
  try {
    const { statusCode, body } = await request(server.url, { dispatcher });
    await body.text();
    return statusCode;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('TLS', () => {
  test('is good for those who trust the authority of the test, and nobody else', async () => {
    const server = await faultServer({ tls: 'good' });
    expect([server.url.startsWith('https://127.0.0.1:'), server.wsUrl.startsWith('wss://')]).toEqual([
      true,
      true,
    ]);
    expect(await asked(server)).toBe(200);
    expect(await asked(server, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const other = await faultServer({ tls: 'good' });
    expect(await asked(server, { ca: other.ca })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('goes by the name localhost as well', async () => {
    const server = await faultServer({ tls: 'good' });
    const socket = await secured(server, { servername: 'localhost' });
    expect([socket.authorized, socket.getProtocol()]).toEqual([true, 'TLSv1.3']);
  });

  test.each([
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['unknown-issuer', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ] as const)('has exactly one thing wrong when it is %s', async (tls, code) => {
    const server = await faultServer({ tls });
    expect(await asked(server)).toBe(code);
    server.present('good');
    expect(await asked(server)).toBe(200);
    server.present(tls);
    expect(await asked(server)).toBe(code);
  });

  test('shows a certificate of version 3 that says what it should', async () => {
    const server = await faultServer({ tls: 'expired' });
    const socket = await secured(server, { rejectUnauthorized: false });
    const leaf = new X509Certificate(socket.getPeerCertificate().raw);
    const authority = new X509Certificate(server.ca ?? '');
    expect([leaf.subject, leaf.issuer, leaf.subjectAltName, leaf.ca, authority.ca]).toEqual([
      'CN=localhost',
      authority.subject,
      'DNS:localhost, IP Address:127.0.0.1',
      false,
      true,
    ]);
    expect([leaf.verify(authority.publicKey), authority.verify(authority.publicKey)]).toEqual([true, true]);
    const day = 86_400_000;
    const age = Date.now() - leaf.validToDate.getTime();
    expect([age >= day, age < day + 60_000]).toEqual([true, true]);
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(day);
    expect(authority.validToDate.getTime()).toBeGreaterThan(Date.now());
  });

  test('is silent in its handshake', async () => {
    const server = await faultServer({ tls: 'good' });
    server.meet('hang');
    const raw = new RawClient(server.url);
    raw.socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await forMs(50);
    expect([raw.text, raw.ending]).toEqual(['', 'open']);
  });
});

describe('client certificates', () => {
  test('are required: one by the authority is let in, none or another is not', async () => {
    const server = await faultServer({ tls: 'expired', clientCertificates: 'required' });
    server.present('good');
    const { ca } = server;
    expect(await asked(server, { ca, ...server.clientCertificate() })).toBe(200);
    expect(await asked(server, { ca })).toMatch(
      /^(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET|UND_ERR_SOCKET|EPIPE)$/,
    );
    for (const kind of ['self-signed', 'expired'] as const) {
      expect(await asked(server, { ca, ...server.clientCertificate(kind) })).toMatch(/^[A-Z]/);
    }
    expect(server.received).toBe(1);
  });

  test('are ignored unless required, and there are none without TLS', async () => {
    const server = await faultServer({ tls: 'good' });
    expect(await asked(server, { ca: server.ca, ...server.clientCertificate('expired') })).toBe(200);
    const plain = await faultServer();
    plain.present('expired');
    expect([plain.clientCertificate(), plain.ca, await asked(plain)]).toEqual([undefined, undefined, 200]);
  });
});

describe('behind TLS the faults are the same', () => {
  test('reset, close, outage, and how many connections are open', async () => {
    const server = await faultServer({ tls: 'good' });
    server.script(
      { fault: 'reset', at: 'before-headers' },
      { fault: 'close', at: 'in-body', body: 'x'.repeat(100) },
      { fault: 'reset', at: 'in-body', body: 'x'.repeat(100) },
      {},
    );
    const seen = [];
    for (let i = 0; i < 4; i += 1) seen.push(await asked(server));
    expect(seen).toEqual(['ECONNRESET', 'UND_ERR_SOCKET', 'ECONNRESET', 200]);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 3, 4]);
    expect(server.connections).toEqual({ open: 1, opened: 4 });
    await server.down();
    expect([await asked(server), server.connections.open]).toEqual(['ECONNREFUSED', 0]);
    await server.up();
    expect(await asked(server)).toBe(200);
  });

  test('no connection stays of a client that has gone', async () => {
    const server = await faultServer({ tls: 'good' });
    server.script({ fault: 'hang', at: 'before-headers' });
    const socket = await secured(server);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await eventually(() => server.received).toBe(1);
    socket.destroy();
    await eventually(() => server.connections).toEqual({ open: 0, opened: 1 });
  });

  test('WebSockets too', async () => {
    const server = await faultServer({ tls: 'good' });
    server.webSockets.script(
      {
        steps: [
          { step: 'send', messages: ['hi'] },
          { step: 'drop', how: 'reset' },
        ],
      },
      {},
    );
    const endings = [];
    for (let i = 0; i < 2; i += 1) {
      const ws = new WebSocket(server.wsUrl, { ca: server.ca ?? '' });
      ws.on('error', () => undefined);
      ws.once('open', () => {
        if (i === 1) ws.close(1000);
      });
      endings.push(await new Promise((resolve) => ws.once('close', resolve)));
    }
    expect(endings).toEqual([1006, 1000]);
    expect([server.webSockets.opened, server.webSockets.handshakes[1]?.connection]).toEqual([2, 2]);
  });
});

async function secured(server: FaultServer, options: object = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), ca: server.ca, ...options });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return socket;
}
