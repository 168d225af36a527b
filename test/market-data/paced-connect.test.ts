import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { pacedConnect } from '../../src/market-data/paced-connect.ts';
import type { FeedSocketListener } from '../../src/resilience/index.ts';

function setup() {
  const clock = new ManualClock();
  const sent: string[] = [];
  const heard: unknown[] = [];
  let inner: FeedSocketListener | undefined;
  const note = (what: string) => () => sent.push(`${what} at ${clock.monotonicMs()}`);
  const connect = pacedConnect(
    (url, listener) => {
      sent.push(url);
      inner = listener;
      return {
        send: (frame) => note(frame)(),
        ping: note('ping'),
        close: note('close'),
        terminate: note('terminate'),
      };
    },
    350,
    clock,
  );
  const socket = connect('wss://venue', {
    opened: () => heard.push('opened'),
    frame: (data) => heard.push(data),
    pong: () => heard.push('pong'),
    ended: (end) => heard.push(end),
  });
  if (inner === undefined) throw new Error('not connected');
  return { clock, sent, heard, socket, inner };
}

describe('pacedConnect', () => {
  test('sends the first at once, and each other so long after the one before', () => {
    const { clock, sent, socket } = setup();
    clock.advance(10);
    for (const frame of ['a', 'b', 'c']) socket.send(frame);
    clock.advance(349);
    expect(sent).toEqual(['wss://venue', 'a at 10']);
    clock.advance(1_000);
    expect(sent).toEqual(['wss://venue', 'a at 10', 'b at 360', 'c at 710']);
  });

  test('one that comes later waits only for what is left', () => {
    const { clock, sent, socket } = setup();
    socket.send('a');
    clock.advance(300);
    socket.send('b');
    clock.advance(400);
    socket.send('c');
    clock.advance(349);
    expect(sent.slice(1)).toEqual(['a at 0', 'b at 350', 'c at 700']);
  });

  test('never more than three in a second, however many wait', () => {
    const { clock, sent, socket } = setup();
    for (let i = 0; i < 50; i += 1) socket.send('x');
    clock.advance(60_000);
    const times = sent.slice(1).map((line) => Number(line.split(' ').at(-1)));
    expect(times).toHaveLength(50);
    for (const from of times) {
      expect(times.filter((ms) => ms >= from && ms < from + 1_000).length).toBeLessThanOrEqual(3);
    }
  });

  test('pings, closing and cutting wait for nothing', () => {
    const { sent, socket } = setup();
    for (const frame of ['a', 'b']) socket.send(frame);
    socket.ping();
    socket.close();
    socket.terminate();
    expect(sent.slice(1)).toEqual(['a at 0', 'ping at 0', 'close at 0', 'terminate at 0']);
  });

  test('hands on what the socket tells', () => {
    const { heard, inner } = setup();
    inner.opened();
    inner.frame('text');
    inner.pong();
    const end = { because: 'closed', detail: 'gone' } as const;
    inner.ended(end);
    expect(heard).toEqual(['opened', 'text', 'pong', end]);
  });

  test('forgets what waits when the socket ends, and leaves no timer', () => {
    const { clock, sent, socket, inner } = setup();
    for (const frame of ['a', 'b']) socket.send(frame);
    inner.ended({ because: 'closed', detail: 'gone' });
    expect(clock.nextDueMs).toBe(Infinity);
    clock.advance(1_000);
    expect(sent.slice(1)).toEqual(['a at 0']);
  });
});
