import { beforeEach, describe, expect, test } from 'vitest';
import { StateWorld } from './state-world.ts';

let world: StateWorld;

beforeEach(() => {
  world = new StateWorld();
  world.answer = () => 1;
});

const CHANNEL = '{portcullis:state:state}:announced';

describe('RedisStateSignals', () => {
  test('publishes the key with where it comes from, and does not hear itself twice', async () => {
    const published: (readonly string[])[] = [];
    world.answer = (args) => published.push(args);
    const signals = await world.signals();
    let calls = 0;
    signals.onAnnounced('a b', () => calls++);
    await signals.announce('a b');
    expect(calls).toBe(1);
    const [word, channel, message] = published[0] ?? [];
    expect([word, channel]).toEqual(['PUBLISH', CHANNEL]);
    expect(message).toMatch(/^\S{12} a b$/);
    const hear = world.client('listen').channels.get(CHANNEL);
    hear?.(message ?? '');
    expect(calls).toBe(1);
    hear?.('other a b');
    expect(calls).toBe(2);
  });

  test('never rejects, and calls here, while the server is away', async () => {
    const signals = await world.signals();
    let calls = 0;
    signals.onAnnounced('a', () => calls++);
    world.client('announce').emit('end');
    await signals.announce('a');
    expect(calls).toBe(1);
    expect(signals.error).toMatch(/ended/);
  });

  test('each time it listens again, all are called once; while it does not, none', async () => {
    const signals = await world.signals();
    const calls: string[] = [];
    signals.onAnnounced('a', () => calls.push('a'));
    signals.onAnnounced('b', () => calls.push('b'));
    world.client('listen').emit('error', new Error('cut'));
    await world.turns();
    expect(calls).toEqual([]);
    world.clock.advance(100);
    await world.turns();
    expect(calls).toEqual(['a', 'b']);
  });

  test('what a connection hears that is given up is not called', async () => {
    const signals = await world.signals();
    let calls = 0;
    signals.onAnnounced('a', () => calls++);
    const old = world.client('listen');
    old.emit('error', new Error('cut'));
    world.clock.advance(100);
    await world.turns();
    expect(calls).toBe(1);
    old.channels.get(CHANNEL)?.('other a');
    expect(calls).toBe(1);
  });

  test('a server that does not answer to the subscription is tried again', async () => {
    const signals = await world.signals({ commandTimeoutMs: 200 });
    let calls = 0;
    signals.onAnnounced('a', () => calls++);
    world.prepare = (client) => {
      client.subscribed = () => new Promise(() => undefined);
      client.accept();
    };
    world.client('listen').emit('error', new Error('cut'));
    world.clock.advance(100);
    await world.turns();
    world.clock.advance(199);
    await world.turns();
    expect(signals.error).toBe('cut');
    world.clock.advance(1);
    await world.turns();
    expect(signals.error).toBe('no answer to SUBSCRIBE within 200 ms');
    world.prepare = (client) => {
      client.subscribed = () => Promise.reject(new Error('NOPERM no channel for you'));
      client.accept();
    };
    world.clock.advance(300);
    await world.turns();
    expect(signals.error).toMatch(/^NOPERM/);
    world.prepare = (client) => client.accept();
    world.clock.advance(1_000);
    await world.turns();
    expect([signals.error, calls]).toEqual([undefined, 1]);
  });

  test('a server that hangs is noticed while nothing is announced', async () => {
    const signals = await world.signals({ commandTimeoutMs: 200 });
    world.client('listen').answer = () => undefined;
    world.clock.advance(1_000);
    await world.turns();
    expect(world.client('listen').sent.map(({ args }) => args)).toEqual([['PING']]);
    world.clock.advance(200);
    await world.turns();
    expect(signals.error).toBe('no answer to PING within 200 ms');
  });

  test('a server that has become a replica is left', async () => {
    const signals = await world.signals();
    world.role = 'slave';
    world.clock.advance(1_000);
    await world.turns();
    expect(signals.error).toMatch(/replica/);
    world.role = 'master';
    world.clock.advance(1_000);
    await world.turns();
    expect(signals.error).toBeUndefined();
  });

  test('after close nobody is called, and no timer is left', async () => {
    const signals = await world.signals();
    let calls = 0;
    signals.onAnnounced('a', () => calls++);
    const old = world.client('listen');
    await signals.close();
    old.channels.get(CHANNEL)?.('other a');
    await signals.announce('a');
    expect([calls, signals.error]).toEqual([0, 'closed']);
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('open is refused when it may not listen', async () => {
    world.prepare = (client) => {
      client.subscribed = () => Promise.reject(new Error('NOPERM no channel for you'));
      client.accept();
    };
    const outcome = expect(world.signals({ connectTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/^announcements state on Redis: open: .*NOPERM/) as string,
    });
    await world.turns();
    world.clock.advance(50);
    await outcome;
  });
});
