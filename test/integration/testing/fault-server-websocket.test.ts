import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type FaultServer,
  type WebSocketFault,
  type WebSocketStep,
  brokenFrames,
  flapping,
  sequence,
} from '../../../src/testing/index.ts';
import { RawClient, eventually, faultServer, forMs } from './raw-client.ts';

/** What a client hears: messages, and how it ended. */
class Listener {
  readonly ws: WebSocket;
  readonly messages: string[] = [];
  pongs = 0;
  /** `open`, `refused 503`, `1006` and the like, with the code of the error before it. */
  ending = 'connecting';
  readonly #ended: Promise<void>;

  constructor(url: string) {
    this.ws = new WebSocket(url, { autoPong: true });
    this.ws.on('open', () => {
      this.ending = 'open';
    });
    this.ws.on('message', (data: Buffer, isBinary) => {
      this.messages.push(isBinary ? `binary ${data.toString('hex')}` : data.toString());
    });
    this.ws.on('pong', () => {
      this.pongs += 1;
    });
    let error = '';
    this.ws.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      error = `${code ?? message} `;
    });
    this.#ended = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        this.ending = `${error}${code} ${reason.toString()}`.trimEnd();
        resolve();
      });
    });
    onTestFinished(() => this.ws.terminate());
  }

  async opened(): Promise<this> {
    await eventually(() => this.ending).toBe('open');
    return this;
  }

  async heard(count: number): Promise<this> {
    await eventually(() => this.messages.length).toBeGreaterThanOrEqual(count);
    return this;
  }

  async ended(): Promise<this> {
    await this.#ended;
    return this;
  }
}

async function serving(
  ...script: WebSocketFault[]
): Promise<{ server: FaultServer; listen: () => Listener }> {
  const server = await faultServer();
  server.webSockets.script(...script);
  return { server, listen: () => new Listener(`${server.wsUrl}/stream?key=1`) };
}

const taking = (...steps: WebSocketStep[]) => serving({ steps });

describe('a WebSocket', () => {
  test('is accepted and sends back what it gets, unless told otherwise; subscriptions are counted', async () => {
    const { server, listen } = await serving();
    const client = await listen().opened();
    const frames = [
      '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}',
      '{"op": "subscribe", "args": []}',
      '{"method":"UNSUBSCRIBE","params":[],"id":2}',
      'subscribe',
    ];
    for (const frame of frames) client.ws.send(frame);
    await client.heard(4);
    expect(client.messages).toEqual(frames);
    const { webSockets } = server;
    expect(webSockets.messages).toEqual(frames.map((text) => ({ connection: 1, text })));
    expect([webSockets.subscriptions, webSockets.open, webSockets.opened]).toEqual([2, 1, 1]);
    expect(webSockets.handshakes.map(({ url, connection }) => [url, connection])).toEqual([
      ['/stream?key=1', 1],
    ]);
    expect(webSockets.handshakes[0]?.headers['upgrade']).toBe('websocket');
    expect([server.received, server.connections.open]).toEqual([0, 1]);
    client.ws.close(1000);
    expect((await client.ended()).ending).toBe('1000');
    await eventually(() => [webSockets.open, webSockets.opened, server.connections.open]).toEqual([0, 1, 0]);
  });

  test('answers messages as it is told, or not at all', async () => {
    const { listen } = await serving({
      reply: (message, number) => (number === 2 ? undefined : `${number}: ${message}`),
    });
    const client = await listen().opened();
    for (const frame of ['a', 'b', 'c']) client.ws.send(frame);
    await client.heard(2);
    expect(client.messages).toEqual(['1: a', '3: c']);
  });

  test('sends its frames when the client has sent its own, and waits where it should', async () => {
    const { listen } = await serving({
      reply: () => undefined,
      steps: [
        { step: 'send', messages: ['hello', Uint8Array.from([1, 2])] },
        { step: 'await-messages', count: 2 },
        { step: 'wait', ms: 60 },
        { step: 'send', messages: ['go'] },
        { step: 'await-messages', count: 1 },
        { step: 'send', messages: ['done'] },
      ],
    });
    const client = await listen().heard(2);
    client.ws.send('one');
    await forMs(100);
    expect(client.messages).toEqual(['hello', 'binary 0102']);
    const began = performance.now();
    client.ws.send('two');
    await client.heard(4);
    expect(performance.now() - began).toBeGreaterThanOrEqual(55);
    expect(client.messages.slice(2)).toEqual(['go', 'done']);
  });

  test('sends what the test says to all that are open, and closes or drops them', async () => {
    const { server, listen } = await serving();
    const clients = await Promise.all([listen().opened(), listen().opened()]);
    server.webSockets.send('tick');
    for (const client of clients) expect((await client.heard(1)).messages).toEqual(['tick']);
    server.webSockets.ping();
    await eventually(() => server.webSockets.pongs).toBe(2);
    server.webSockets.close(4001, 'maintenance');
    for (const client of clients) expect((await client.ended()).ending).toBe('4001 maintenance');
    const endings = [];
    for (const how of ['close', 'reset'] as const) {
      const raw = await handshake(server).arrived('101 Switching Protocols');
      await eventually(() => server.webSockets.open).toBe(1);
      server.webSockets.drop(how);
      endings.push((await raw.ended()).ending);
    }
    expect(endings).toEqual(['closed', 'ECONNRESET']);
    expect(server.webSockets.opened).toBe(4);
  });
});

describe('a handshake', () => {
  test('is refused with a status, headers and a body', async () => {
    const { server, listen } = await serving({
      handshake: 'refuse',
      status: 429,
      headers: { 'retry-after': '5' },
      body: 'slow down',
    });
    expect((await listen().ended()).ending).toBe('Unexpected server response: 429 1006');
    const raw = await handshake(server).ended();
    expect(raw.head).toEqual([
      'HTTP/1.1 429 Too Many Requests',
      'content-length: 9',
      'connection: close',
      'retry-after: 5',
    ]);
    expect([raw.body, raw.ending]).toEqual(['slow down', 'closed']);
    expect([server.webSockets.opened, server.webSockets.handshakes.length]).toEqual([0, 2]);
  });

  test('hangs, and its connection goes with the client', async () => {
    const { server } = await serving({ handshake: 'hang' });
    const raw = handshake(server);
    await eventually(() => server.webSockets.handshakes.length).toBe(1);
    await forMs(50);
    expect([raw.text, raw.ending]).toEqual(['', 'open']);
    raw.socket.end();
    await raw.ended();
    await eventually(() => server.connections.open).toBe(0);
  });

  test('is reset', async () => {
    const { listen } = await serving({ handshake: 'reset' });
    expect((await listen().ended()).ending).toBe('ECONNRESET 1006');
  });

  test('is late', async () => {
    const { listen } = await serving({ delayMs: 120 });
    const began = performance.now();
    await listen().opened();
    expect(performance.now() - began).toBeGreaterThanOrEqual(115);
  });

  test('is late, and the client has not waited', async () => {
    const { server } = await serving({ delayMs: 2000 });
    const raw = handshake(server);
    await eventually(() => server.webSockets.handshakes.length).toBe(1);
    raw.socket.resetAndDestroy();
    await eventually(() => server.connections.open).toBe(0);
    await forMs(50);
    expect(server.webSockets.opened).toBe(0);
  });

  test('follows its script, beside that of the requests', async () => {
    const server = await faultServer();
    server.script({ status: 500 });
    server.webSockets.script(flapping({ up: 1, down: 1 }, { handshake: 'refuse', status: 503 }, {}));
    const seen = [];
    for (let i = 0; i < 3; i += 1) {
      const client = new Listener(server.wsUrl);
      client.ws.once('open', () => client.ws.close(1000));
      seen.push((await client.ended()).ending);
    }
    expect(seen).toEqual(['1000', 'Unexpected server response: 503 1006', '1000']);
    expect((await request(server.url)).statusCode).toBe(500);
  });
});

describe('pings', () => {
  test('are answered and counted', async () => {
    const { server, listen } = await serving();
    const client = await listen().opened();
    client.ws.ping();
    await eventually(() => client.pongs).toBe(1);
    expect(server.webSockets.pings).toBe(1);
  });

  test('are counted and never answered', async () => {
    const { server, listen } = await serving({ pongs: false });
    const client = await listen().opened();
    client.ws.ping();
    await eventually(() => server.webSockets.pings).toBe(1);
    await forMs(50);
    expect([client.pongs, client.ending]).toEqual([0, 'open']);
  });
});

describe('a connection ends', () => {
  test('with a code and a reason', async () => {
    const { listen } = await taking({ step: 'close', code: 1012, reason: 'restart' });
    expect((await listen().ended()).ending).toBe('1012 restart');
  });

  test('without a close frame', async () => {
    const { listen } = await taking({ step: 'send', messages: ['a'] }, { step: 'drop', how: 'close' });
    const client = await listen().ended();
    expect([client.messages, client.ending]).toEqual([['a'], '1006']);
  });

  test('with a reset', async () => {
    const { server, listen } = await taking({ step: 'wait', ms: 20 }, { step: 'drop', how: 'reset' });
    expect((await handshake(server).ended()).ending).toBe('ECONNRESET');
    expect((await listen().ended()).ending).toBe('1006'); // the client of ws tells no more
  });

  test('in an outage, and is taken again after it', async () => {
    const { server, listen } = await serving();
    const client = await listen().opened();
    await server.down();
    expect((await client.ended()).ending).toBe('1006');
    expect((await listen().ended()).ending).toBe('ECONNREFUSED 1006');
    await server.up();
    await listen().opened();
    expect(server.webSockets.opened).toBe(2);
  });

  test('half: the server has stopped reading, and answers neither pings nor a close', async () => {
    const { server, listen } = await taking({ step: 'stop-reading' });
    const client = await listen().opened();
    client.ws.send('anybody?');
    client.ws.ping();
    client.ws.close(1000);
    await forMs(100);
    expect([client.messages, client.pongs, client.ws.readyState]).toEqual([[], 0, WebSocket.CLOSING]);
    expect([server.webSockets.pings, server.webSockets.messages]).toEqual([0, []]);
  });
});

describe('frames that break the protocol', () => {
  test.each([
    ['garbage', brokenFrames.garbage(), 'WS_ERR_UNEXPECTED_RSV_2_3 1006'],
    ['a length beyond any size', brokenFrames.oversized(), 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH 1006'],
    [
      'a length that no number holds',
      brokenFrames.oversized(2 ** 60),
      'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH 1006',
    ],
    ['text that is not UTF-8', brokenFrames.invalidUtf8(), 'WS_ERR_INVALID_UTF8 1006'],
  ])('%s', async (_name, bytes, ending) => {
    const { listen } = await taking({ step: 'send', messages: ['before'] }, { step: 'raw', bytes });
    const client = await listen().ended();
    expect([client.messages, client.ending]).toEqual([['before'], ending]);
  });
});

describe('messages', () => {
  test('drip in fragments, and are whole in the end', async () => {
    const { server, listen } = await taking({
      step: 'drip',
      message: '{"price":"€"}',
      bytes: 5,
      everyMs: 40,
    });
    const raw = await handshake(server).arrived('"}');
    // 15 bytes in three frames: text to be continued, more of it, the last of it.
    const frames = Buffer.from(raw.body, 'latin1');
    expect([0, 7, 14].map((at) => [frames[at], frames[at + 1]])).toEqual([
      [0x01, 5],
      [0x00, 5],
      [0x80, 5],
    ]);
    const began = performance.now();
    const client = await listen().heard(1);
    expect(client.messages).toEqual(['{"price":"€"}']);
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });

  test('come as a flood at its rate, and number by number', async () => {
    const { listen } = await taking({
      step: 'flood',
      message: (number) => `${number}`,
      perSecond: 2000,
      count: 400,
    });
    const began = performance.now();
    const client = await listen().heard(400);
    expect(performance.now() - began).toBeGreaterThanOrEqual(195);
    await forMs(50);
    expect(client.messages).toEqual(Array.from({ length: 400 }, (_, at) => `${at + 1}`));
  });

  test('flood no memory where the client does not read', async () => {
    const message = 'x'.repeat(100_000);
    const { server, listen } = await taking({ step: 'flood', message: () => message, perSecond: 100_000 });
    const client = await listen().opened();
    client.ws.pause();
    await forMs(100);
    const before = process.memoryUsage().rss;
    await forMs(300);
    expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
    client.ws.terminate();
    await eventually(() => server.webSockets.open).toBe(0);
  });

  test('have gaps in their sequence, and repeats', async () => {
    const messages = sequence(
      (number) => `{"u":${number}}`,
      { from: 5, to: 10 },
      { without: [7, 8], twice: [9] },
    );
    const { listen } = await taking({ step: 'send', messages });
    expect((await listen().heard(5)).messages).toEqual([
      '{"u":5}',
      '{"u":6}',
      '{"u":9}',
      '{"u":9}',
      '{"u":10}',
    ]);
    expect(sequence(String, { from: 1, to: 3 })).toEqual(['1', '2', '3']);
  });
});

const handshake = ({ url }: FaultServer): RawClient =>
  new RawClient(url).get(
    '/',
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  );
