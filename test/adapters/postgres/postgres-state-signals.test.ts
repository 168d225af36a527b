import { describe, expect, test } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { type PostgresDatabase, PostgresStateSignals } from '../../../src/adapters/postgres/index.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
};

/** What is used of a database: it fails when told so, and each session is kept for the test to end. */
function setUp() {
  const clock = new ManualClock();
  const state = { isDown: false, isHung: false };
  const sessions: { end(): void; notify(payload: string): void; asked: string[] }[] = [];
  const sent: unknown[] = [];
  const database = {
    schema: 'portcullis',
    clock,
    logger: silentLogger,
    isClosed: false,
    query: (_: string, values: unknown[]) => {
      sent.push(values);
      return state.isDown ? Promise.reject(new Error('down')) : Promise.resolve({ rows: [], count: 1 });
    },
    session: () => {
      if (state.isDown) return Promise.reject(new Error('down'));
      const ends: (() => void)[] = [];
      let notify: (message: { channel: string; payload: string }) => void = () => undefined;
      const session = {
        isOpen: true,
        asked: [] as string[],
        query: (sql: string) => {
          session.asked.push(sql);
          if (state.isHung) session.close();
          return session.isOpen
            ? Promise.resolve({ rows: [], count: 0 })
            : Promise.reject(new Error('ended'));
        },
        onEnd: (listener: () => void) => ends.push(listener),
        onNotification: (listener: typeof notify) => (notify = listener),
        close: () => {
          session.isOpen = false;
          for (const end of ends.splice(0)) end();
        },
      };
      sessions.push({
        end: () => session.close(),
        notify: (payload) => notify({ channel: 'portcullis:portcullis', payload }),
        asked: session.asked,
      });
      return Promise.resolve(session);
    },
  };
  const signals = PostgresStateSignals.open(
    { checkEveryMs: 1000 },
    { database: database as unknown as PostgresDatabase, random: () => 1 },
  );
  const heard: string[] = [];
  for (const key of ['a', 'b']) signals.onAnnounced(key, () => heard.push(key));
  return { clock, state, sessions, sent, signals, heard };
}

/** That listens, and has said so. */
async function listening() {
  const world = setUp();
  await turns();
  world.heard.length = 0;
  return world;
}

describe('PostgresStateSignals', () => {
  test('what may have been announced before it listened is told when it does', async () => {
    const { signals, heard } = setUp();
    expect([signals.isListening, heard]).toEqual([false, []]);
    await turns();
    expect([signals.isListening, heard]).toEqual([true, ['a', 'b']]);
    await signals.close();
  });

  test('hears others, and itself once though the server says it again', async () => {
    const { sessions, signals, heard, sent } = await listening();
    expect(signals.isListening).toBe(true);
    sessions[0]?.notify('another a');
    await signals.announce('b');
    const [[channel, payload]] = sent as [[string, string]];
    sessions[0]?.notify(payload);
    expect([heard, channel]).toEqual([['a', 'b'], 'portcullis:portcullis']);
    await signals.close();
  });

  test('a lost connection is made again after a while, and then every listener is called once', async () => {
    const { clock, state, sessions, signals, heard } = await listening();
    state.isDown = true;
    sessions[0]?.end();
    await turns();
    expect(signals.isListening).toBe(false);
    clock.advance(60_000);
    await turns();
    state.isDown = false;
    for (let second = 0; second < 10; second++) {
      clock.advance(1000);
      await turns();
    }
    expect([signals.isListening, heard, sessions.length]).toEqual([true, ['a', 'b'], 2]);
    await signals.close();
  });

  test('a server that hangs is noticed by asking it', async () => {
    const { clock, state, sessions, signals } = await listening();
    state.isHung = true;
    clock.advance(1000);
    await turns();
    expect(sessions[0]?.asked).toEqual(['LISTEN "portcullis:portcullis"', 'SELECT 1']);
    expect(signals.isListening).toBe(false);
    await signals.close();
  });

  test('announcing never rejects, and is heard here without a server', async () => {
    const { state, signals, heard, sent } = await listening();
    state.isDown = true;
    await signals.announce('a');
    expect(heard).toEqual(['a']);
    await signals.close();
    await signals.close();
    const before = sent.length;
    await signals.announce('a');
    expect([heard, sent.length]).toEqual([['a'], before]);
  });

  test('a listener that throws is nothing to the others', async () => {
    const { signals, heard } = setUp();
    signals.onAnnounced('a', () => {
      throw new Error('the test said so');
    });
    signals.onAnnounced('a', () => heard.push('after'));
    await turns();
    expect(heard).toEqual(['a', 'after', 'b']);
    await signals.close();
  });
});
