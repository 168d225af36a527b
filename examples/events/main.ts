// Bars and signals through a bus, with what goes wrong on the way; with --redis URL through a Redis server.
import { parseArgs } from 'node:util';
import { SystemClock } from 'portcullis';
import { BAR_CLOSED, type BarClosed, type EventBus, SIGNAL_RAISED } from 'portcullis/events';
import { embedded, redis } from './bus-of-the-run.ts';
import { Tally } from './tally.ts';

const INSTRUMENTS = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD', 'ADA-USD', 'DOT-USD'];
const BARS = 50;
const MINUTE_MS = 60_000;
const startMs = Date.UTC(2026, 0, 2);

const { redis: url } = parseArgs({ options: { redis: { type: 'string' } } }).values;
const clock = new SystemClock();
const medium = url === undefined ? await embedded() : await redis(url);
const say = (text: string): void => {
  console.log(text);
};
const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 1_500) throw new Error('this takes too long');
    await clock.sleep(20);
  }
};

/** One bar of each instrument for each minute; the twentieth of SOL is broken in a way that its schema lets pass. */
const barAt = (instrumentId: string, minute: number): BarClosed => {
  const openMs = startMs + minute * MINUTE_MS;
  const prices = { open: 100, high: 101, low: 99, close: isBroken(instrumentId, minute) ? 0 : 100.5 };
  return { instrumentId, openMs, closeMs: openMs + MINUTE_MS, ...prices, volume: 12.5, trades: 3 };
};
const isBroken = (instrumentId: string, minute: number): boolean =>
  instrumentId === 'SOL-USD' && minute === 20;

/** The publishing service. It waits for receipts here; one that trades does not. */
async function publish(bus: EventBus): Promise<void> {
  const receipts = [];
  for (let minute = 0; minute < BARS; minute++)
    for (const instrumentId of INSTRUMENTS)
      receipts.push(bus.publish(BAR_CLOSED, barAt(instrumentId, minute)));
  const signal = { signalId: 's-1', strategyId: 'breakout', instrumentId: 'BTC-USD' };
  const opinion = { direction: 'buy', confidence: 0.7, expiresAtMs: startMs, reasons: [] } as const;
  const identity = { id: signal.signalId, source: '/breakout' };
  for (let sent = 0; sent < 2; sent++)
    receipts.push(bus.publish(SIGNAL_RAISED, { ...signal, ...opinion }, identity));
  const outcomes = (await Promise.all(receipts)).map(({ outcome }) => outcome);
  const count = (of: string): number => outcomes.filter((outcome) => outcome === of).length;
  say(
    `published ${count('published')}, of ${outcomes.length}: one signal was sent twice, duplicates ${count('duplicate')}`,
  );
}

/** The consuming service: two members of one group for bars, one of another for signals. */
const tally = new Tally();
let isFixed = false;
let signalAttempts = 0;
let signalsHandled = 0;
async function consume(bus: EventBus): Promise<void> {
  const isPoison = ({ close }: BarClosed): boolean => close === 0 && !isFixed;
  const options = { from: 'beginning', maxAttempts: 3, backoffMs: 10, concurrency: 3 } as const;
  const members = ['one', 'two'].map((name) =>
    bus.subscribe(
      'charts',
      [BAR_CLOSED],
      tally.member(name, isPoison, () => clock.sleep(2)),
      options,
    ),
  );
  const trader = bus.subscribe(
    'trader',
    [SIGNAL_RAISED],
    () => {
      if (++signalAttempts < 3) throw new Error('the model is still loading');
      signalsHandled += 1;
    },
    options,
  );
  await Promise.all([...members, trader].map(({ ready }) => ready));
}

const chartsLeft = async (bus: EventBus): Promise<number> =>
  (await bus.groups())
    .filter(({ group, topic }) => group === 'charts' && topic === 'market')
    .reduce((sum, { lag = Infinity, pending }) => sum + lag + pending, 0);

say(`on ${medium.name}`);
const first = await medium.open();
await consume(first.bus);
await publish(first.bus);
await until(() => tally.count > 60 && signalsHandled === 1);
await first.close();
const all = INSTRUMENTS.length * BARS;
say(`signal: handled after ${signalAttempts} attempts, ${signalsHandled} time`);
say(`restart in the middle: ${tally.count > 0 && tally.count < all - 1}`);

const second = await medium.open();
const { bus } = second;
await consume(bus);
await until(async () => (await chartsLeft(bus)) === 0);
say(`bars handled: ${tally.count} of ${all}, twice ${tally.repeated}, by ${tally.members} members`);
say(`each instrument in order: ${tally.isInOrder}`);

const [letter] = await bus.deadLetters.list({ group: 'charts' });
if (letter === undefined) throw new Error('no dead letter');
say(`dead letter: ${letter.reason} after ${letter.attempts} attempts: ${letter.detail}`);
isFixed = true;
await bus.deadLetters.requeue([letter.letterId]);
await until(() => tally.count === all);
const times = tally.timesOf('SOL-USD');
say(
  `fixed and requeued: ${tally.count} of ${all}, as the last of its instrument: ${times.at(-1) === startMs + 20 * MINUTE_MS}`,
);

let replayed = 0;
const { handled, complete } = await bus.replay([BAR_CLOSED], () => (replayed += 1), { from: 'beginning' })
  .done;
say(
  `replay: ${handled} bars, complete: ${complete}, the group stays where it is: ${(await chartsLeft(bus)) === 0}`,
);
say(`dead letters left: ${(await bus.deadLetters.list()).length}`);
await second.close();
await medium.remove();
