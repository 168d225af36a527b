import { type IncomingMessage, type Server, createServer, request as forwardRequest } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { HttpTransport } from '../../../src/resilience/index.ts';
import { callOf, closing, faultServer, said, send, transportOf } from './support/http-world.ts';

/** A proxy that forwards `http` and tunnels the rest, knows where names lead, and wants a password if it has one. */
class Proxy implements AsyncDisposable {
  /** What it was asked for: `GET http://..` or `CONNECT name:port`. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #password: string | undefined;
  status: number | undefined;

  private constructor(password: string | undefined) {
    this.#password = password;
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const { port, pathname } = new URL(request.url ?? '');
      const headers = { ...request.headers };
      forwardRequest(
        { host: '127.0.0.1', port, path: pathname, method: request.method, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      )
        .on('error', () => response.destroy())
        .end();
    });
    this.#server.on('connect', (request: IncomingMessage, socket: Socket) => {
      this.asked.push(`CONNECT ${request.url ?? ''}`);
      const isLetIn =
        this.#password === undefined ||
        request.headers['proxy-authorization'] === `Basic ${Buffer.from(this.#password).toString('base64')}`;
      const status = this.status ?? (isLetIn ? 200 : 407);
      socket.on('error', () => undefined);
      socket.write(`HTTP/1.1 ${status} X\r\n\r\n`);
      if (status !== 200) {
        socket.end();
        return;
      }
      const onward = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1');
      this.#keep(onward);
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      onward.pipe(socket).pipe(onward);
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#keep(socket);
    });
  }

  static async listen(password?: string): Promise<Proxy> {
    const proxy = new Proxy(password);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return closing(proxy);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describe('HttpTransport through a proxy', () => {
  test('asks over TLS through a tunnel, and the proxy finds the name', async () => {
    const [server, proxy] = [await faultServer({ tls: 'good' }), await Proxy.listen()];
    const port = new URL(server.url).port;
    const transport = transportOf({
      allowPrivateAddresses: false,
      proxyUrl: proxy.url,
      tls: { ca: server.ca ?? '' },
    });
    expect(said(await send(transport, `https://localhost:${port}`))).toBe('status 200');
    expect(proxy.asked).toEqual([`CONNECT localhost:${port}`]);
    expect(transport.stats()).toMatchObject({ connected: 1, inFlight: 0 });
  });

  test('has the rest forwarded', async () => {
    const [server, proxy] = [await faultServer(), await Proxy.listen()];
    const port = new URL(server.url).port;
    const transport = transportOf({ proxyUrl: proxy.url });
    expect(said(await send(transport, `http://x.test:${port}`))).toBe('status 200');
    expect(proxy.asked).toEqual([`GET http://x.test:${port}/time`]);
    expect(server.requests[0]?.headers['host']).toBe(`x.test:${port}`);
  });

  test('still checks the certificate of the server', async () => {
    const [server, proxy] = [await faultServer({ tls: 'expired' }), await Proxy.listen()];
    const transport = transportOf({ proxyUrl: proxy.url, tls: { ca: server.ca ?? '' } });
    expect(said(await send(transport, server.url))).toMatchObject({ code: 'UPSTREAM_UNTRUSTED' });
  });

  test('shows its own certificate to the server', async () => {
    const server = await faultServer({ tls: 'good', clientCertificates: 'required' });
    const proxy = await Proxy.listen();
    const transport = transportOf({
      proxyUrl: proxy.url,
      tls: { ca: server.ca ?? '', ...server.clientCertificate() },
    });
    expect(said(await send(transport, server.url))).toBe('status 200');
  });

  test('gives the proxy the password of its URL', async () => {
    const [server, proxy] = [await faultServer({ tls: 'good' }), await Proxy.listen('user:secret')];
    const tls = { ca: server.ca ?? '' };
    const knowing = transportOf({ proxyUrl: proxy.url.replace('//', '//user:secret@'), tls });
    expect(said(await send(knowing, server.url))).toBe('status 200');
    const outcome = await send(
      transportOf({ proxyUrl: proxy.url.replace('//', '//user:wrong@'), tls }),
      server.url,
    );
    expect(said(outcome)).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', phase: 'connect' });
    expect(JSON.stringify(outcome)).not.toContain('wrong');
  });

  test('hears of a proxy that is not there, or that refuses, before anything was sent', async () => {
    const [server, proxy] = [await faultServer({ tls: 'good' }), await Proxy.listen()];
    proxy.status = 503;
    const refused = await send(transportOf({ proxyUrl: proxy.url }), server.url, { method: 'POST' });
    const nobody = await send(transportOf({ proxyUrl: 'http://127.0.0.1:1' }), server.url, {
      method: 'POST',
    });
    const unreachable = {
      code: 'UPSTREAM_UNREACHABLE',
      phase: 'connect',
      mayRetry: true,
      upstream: 'failing',
    };
    expect([said(refused), said(nobody)]).toEqual([unreachable, unreachable]);
  });

  test.each(['http://127.0.0.1:1', 'https://[::1]:1', 'http://169.254.169.254'])(
    'does not have %s asked by the proxy',
    async (origin) => {
      const proxy = await Proxy.listen();
      const transport = transportOf({ allowPrivateAddresses: false, proxyUrl: proxy.url });
      const outcomes = [said(await send(transport, origin)), said(await send(transport, origin))];
      expect(outcomes).toMatchObject([{ code: 'ADDRESS_REFUSED' }, { because: 'private-address' }]);
      expect(proxy.asked).toEqual([]);
    },
  );

  test('ends with an abort as without a proxy, and with close', async () => {
    const [server, proxy] = [await faultServer(), await Proxy.listen()];
    server.script({ fault: 'hang', at: 'before-headers' });
    const transport = transportOf({ proxyUrl: proxy.url });
    const controller = new AbortController();
    const first = send(transport, server.url, {}, callOf({ signal: controller.signal }));
    const second = send(transport, server.url);
    await new Promise((resolve) => setTimeout(resolve, 30));
    controller.abort();
    expect(said(await first)).toMatchObject({ code: 'ABORTED' });
    await transport.close();
    expect(said(await second)).toMatchObject({ code: 'ABORTED', reason: { code: 'SERVICE_STOPPED' } });
  });

  test.each(['socks5://secret@127.0.0.1:1', 'secret', '', 5])(
    'refuses %j as a proxy, and does not show it',
    (proxyUrl) => {
      const open = (): unknown =>
        new HttpTransport({ proxyUrl: proxyUrl as string }, { clock: new ManualClock() });
      expect(open).toThrow(/^HttpTransport: proxyUrl: expected an http or https URL$/);
    },
  );
});
