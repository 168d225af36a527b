import { describe, expect, test } from 'vitest';
import { DisturbedMarket, type FeedDisturbanceOptions } from '../../src/simulation/index.ts';
import { L2Book, type MarketEvent } from '../../src/trading/index.ts';
import { diff, quote, snapshot, trade } from './market.ts';

const at = (receivedMs: number, event: MarketEvent): MarketEvent => ({
  ...event,
  receivedMs,
  exchangeMs: receivedMs,
});

const hear = (events: readonly MarketEvent[], ...disturbances: FeedDisturbanceOptions[]): MarketEvent[] => [
  ...new DisturbedMarket({ disturbances }, { events }),
];

const scheduled = (
  fromMs: number,
  durationMs: number,
): { readonly kind: 'scheduled'; readonly fromMs: number; readonly durationMs: number } => ({
  kind: 'scheduled',
  fromMs,
  durationMs,
});

/** Ids and prices of book events, as a person would write them down. */
const told = (events: readonly MarketEvent[]): string[] =>
  events.map((event) => {
    const side = (levels: readonly { price: number; quantity: number }[]): string =>
      levels.map(({ price, quantity }) => `${quantity}@${price}`).join(' ');
    switch (event.type) {
      case 'snapshot':
        return `${event.receivedMs} snapshot ${event.updateId}: ${side(event.bids)} | ${side(event.asks)}`;
      case 'diff':
        return `${event.receivedMs} diff ${event.firstUpdateId}-${event.updateId}: ${side(event.bids)} | ${side(event.asks)}`;
      case 'quote':
        return `${event.receivedMs} quote ${event.updateId}: ${side([event.bid])} | ${side([event.ask])}`;
      case 'trade':
        return `${event.receivedMs} trade ${event.quantity}@${event.price}`;
    }
  });

/** What a reader who knows nothing of disturbances has in its book at the end. */
const readBook = (events: readonly MarketEvent[]): unknown => {
  const book = new L2Book();
  for (const event of events) {
    if (event.type === 'snapshot') book.reset(event.bids, event.asks);
    else if (event.type === 'diff') book.apply(event.bids, event.asks);
  }
  return [book.bids.top(100), book.asks.top(100)];
};

// The market goes from 99/101 up to 103/105 and back to 100/102.
const market = [
  at(0, snapshot([[99, 5]], [[101, 5]], 10)),
  at(100, diff(11, { bids: [[100, 4]] })),
  at(200, diff(12, { bids: [[99, 0]], asks: [[101, 0], [102, 6]] })), // prettier-ignore
  at(250, trade('buy', 102, 1)),
  at(300, diff(13, { bids: [[103, 2]], asks: [[102, 0], [105, 7]] })), // prettier-ignore
  at(300, quote(13, [103, 2], [105, 7])),
  at(400, diff(14, { bids: [[103, 0], [100, 3]], asks: [[102, 1]] })), // prettier-ignore
  at(400, quote(14, [100, 3], [102, 1])),
  at(500, diff(15, { bids: [[98, 9]] })),
  at(600, diff(16, { bids: [[98, 8]] })),
];

describe('DisturbedMarket', () => {
  test('without disturbances is the market as it is', () => {
    expect(hear(market)).toEqual(market);
  });

  test('leaves other instruments alone', () => {
    const outage: FeedDisturbanceOptions = {
      kind: 'outage',
      when: scheduled(0, 1e6),
      instrumentIds: ['XYZ-USD'],
    };
    expect(hear(market, outage)).toEqual(market);
  });

  test('says with its defaults what was asked of it', () => {
    const { settings } = new DisturbedMarket(
      { disturbances: [{ kind: 'outage', when: { kind: 'drawn', perDay: 2 } }] },
      { events: [] },
    );
    expect(settings).toEqual({
      seed: 1,
      disturbances: [
        { kind: 'outage', when: { kind: 'drawn', perDay: 2, meanDurationMs: 60_000 }, resyncMs: 500 },
      ],
    });
  });

  test('draws from its own seed, from the first event on', () => {
    const long = [
      at(1e9, snapshot([[99, 5]], [[101, 5]], 0)),
      ...Array.from({ length: 2_000 }, (_, n) => at(1e9 + n * 100, diff(n + 1, { bids: [[99, 6]] }))),
    ];
    const heard = (seed: number): number =>
      [
        ...new DisturbedMarket(
          {
            seed,
            disturbances: [{ kind: 'outage', when: { kind: 'drawn', perDay: 4_000, meanDurationMs: 3_000 } }],
          },
          { events: long },
        ),
      ].length;
    expect(heard(1)).toBe(heard(1));
    expect(heard(1)).not.toBe(heard(2));
    expect(heard(1)).toBeLessThan(0.98 * long.length);
  });

  test.for<[string, object, RegExp]>([
    ['a kind of market that is none of a feed', { kind: 'gap', jumpFraction: 0.1 }, /kind/],
    ['a misspelt option', { kind: 'outage', resyncMillis: 1 }, /resyncMillis/],
    ['a time that is neither', { kind: 'stuck', when: { kind: 'scheduled', perDay: 1 } }, /fromMs/],
    [
      'no duration',
      { kind: 'stuck', when: { kind: 'scheduled', fromMs: 0, durationMs: 0 } },
      /durationMs.*>0/,
    ],
    ['a bid below the ask', { kind: 'crossed', byTicks: -1 }, /byTicks/],
  ])('refuses %s', ([, disturbance, message]) => {
    const whole = { when: scheduled(0, 1), ...disturbance } as FeedDisturbanceOptions;
    expect(() => hear([], whole)).toThrow(message);
  });
});

describe('an outage', () => {
  const outage = (fromMs: number, durationMs: number, resyncMs = 100): FeedDisturbanceOptions => ({
    kind: 'outage',
    when: scheduled(fromMs, durationMs),
    resyncMs,
  });

  test('is silence, then a change that does not follow, then a snapshot', () => {
    expect(told(hear(market, outage(200, 150)))).toEqual([
      '0 snapshot 10: 5@99 | 5@101',
      '100 diff 11-11: 4@100 | ',
      '400 diff 14-14: 0@103 3@100 | 1@102',
      '400 quote 14: 3@100 | 1@102',
      '500 diff 15-15: 9@98 | ',
      '500 snapshot 15: 3@100 9@98 | 1@102 7@105',
      '600 diff 16-16: 8@98 | ',
    ]);
  });

  test('is repaired no earlier than it says', () => {
    expect(told(hear(market, outage(200, 150, 250))).at(-1)).toMatch(/^600 snapshot 16/);
    expect(told(hear(market, outage(200, 150, 251))).at(-1)).toMatch(/^600 diff 16/);
  });

  test('in which nothing of the book was lost needs no repair', () => {
    expect(told(hear(market, outage(240, 20)))).toEqual(
      told(market).filter((line) => !line.includes('trade')),
    );
  });

  test('at the beginning takes the first snapshot too', () => {
    expect(told(hear(market, outage(0, 450)))).toEqual([
      '500 diff 15-15: 9@98 | ',
      '600 diff 16-16: 8@98 | ',
      '600 snapshot 16: 3@100 8@98 | 1@102 7@105',
    ]);
  });

  test('needs no repair when the venue sends a snapshot itself', () => {
    const opened = [
      ...market,
      at(700, snapshot([[50, 1]], [[60, 1]], 20)),
      at(900, diff(21, {})),
      at(1_000, diff(22, {})),
    ];
    expect(told(hear(opened, outage(550, 100)))).toEqual(
      told(opened).filter((line) => !line.includes('diff 16')),
    );
  });

  test('that follows on one not yet repaired is repaired once, after the second', () => {
    const heard = told(hear(market, outage(150, 100), outage(350, 60), outage(999, 1)));
    expect(heard.filter((line) => line.includes('snapshot'))).toEqual([
      '0 snapshot 10: 5@99 | 5@101',
      '600 snapshot 16: 3@100 8@98 | 1@102 7@105',
    ]);
  });
});

describe('stuck quotes', () => {
  const stuck = (fromMs: number, durationMs: number): FeedDisturbanceOptions => ({
    kind: 'stuck',
    when: scheduled(fromMs, durationMs),
  });

  test('repeat what was, while trades print where the market is, then jump', () => {
    expect(told(hear(market, stuck(200, 250)))).toEqual([
      '0 snapshot 10: 5@99 | 5@101',
      '100 diff 11-11: 4@100 | ',
      '200 diff 12-12: 4@100 | 5@101',
      '250 trade 1@102',
      '300 diff 13-13: 4@100 | 5@101',
      '300 quote 13: 4@100 | 5@101',
      '400 diff 14-14: 4@100 | 5@101',
      '400 quote 14: 4@100 | 5@101',
      '500 diff 15-15: 3@100 9@98 0@99 | 1@102 7@105 0@101',
      '600 diff 16-16: 8@98 | ',
    ]);
  });

  test('leave the true book behind', () => {
    expect(readBook(hear(market, stuck(100, 450)))).toEqual(readBook(market));
  });

  test('cannot be before there is a book, and end with a snapshot of the venue', () => {
    const opened = [
      ...market.slice(0, 3),
      at(220, snapshot([[50, 1]], [[60, 1]], 20)),
      at(230, diff(21, {})),
    ];
    const heard = told(hear(opened, stuck(0, 225)));
    expect(heard[0]).toBe('0 snapshot 10: 5@99 | 5@101');
    expect(heard.slice(-2)).toEqual(['220 snapshot 20: 1@50 | 1@60', '230 diff 21-21:  | ']);
  });

  test('of a book with an empty side repeat the other', () => {
    const thin = [
      at(0, snapshot([[99, 5]], [], 10)),
      ...market.slice(1, 2),
      at(150, quote(11, [100, 4], [0, 0])),
    ];
    expect(told(hear(thin, stuck(50, 1e3))).slice(1)).toEqual([
      '100 diff 11-11: 5@99 | ',
      '150 quote 11: 4@100 | 0@0',
    ]);
    const other = [at(0, snapshot([], [[101, 5]], 10)), ...market.slice(1, 2)];
    expect(told(hear(other, stuck(50, 1e3))).slice(1)).toEqual(['100 diff 11-11:  | 5@101']);
  });
});

describe('crossed quotes', () => {
  const crossed = (fromMs: number, durationMs: number, byTicks = 2): FeedDisturbanceOptions => ({
    kind: 'crossed',
    when: scheduled(fromMs, durationMs),
    byTicks,
  });

  test('follow the ask, in book and quotes, and leave with the next change', () => {
    expect(told(hear(market, crossed(200, 250)))).toEqual([
      '0 snapshot 10: 5@99 | 5@101',
      '100 diff 11-11: 4@100 | ',
      '200 diff 12-12: 4@104 0@99 | 0@101 6@102',
      '250 trade 1@102',
      '300 diff 13-13: 2@107 0@104 2@103 | 0@102 7@105',
      '300 quote 13: 2@107 | 7@105',
      '400 diff 14-14: 3@104 0@107 0@103 3@100 | 1@102',
      '400 quote 14: 3@104 | 1@102',
      '500 diff 15-15: 0@104 9@98 | ',
      '600 diff 16-16: 8@98 | ',
    ]);
  });

  test('leave a bid that has come to where the false one stood', () => {
    const rising = [
      at(0, snapshot([[99, 5]], [[101, 5]], 10)),
      at(100, diff(11, { bids: [[99, 6]] })),
      at(200, diff(12, { bids: [[103, 8]], asks: [[101, 0], [104, 1]] })), // prettier-ignore
    ];
    const heard = hear(rising, crossed(100, 50));
    expect(told(heard)[1]).toBe('100 diff 11-11: 6@103 6@99 | ');
    expect(readBook(heard)).toEqual(readBook(rising));
  });

  test('stay where they are as long as the ask does', () => {
    expect(told(hear(market, crossed(400, 150))).slice(-2)).toEqual([
      '500 diff 15-15: 3@104 9@98 | ',
      '600 diff 16-16: 0@104 8@98 | ',
    ]);
  });

  test('can be a bid at the ask', () => {
    expect(told(hear(market, crossed(100, 50, 0)))[1]).toBe('100 diff 11-11: 4@101 4@100 | ');
  });

  test('are in a snapshot as well, and gone with the next one', () => {
    const second = at(50, snapshot([[98, 1]], [[100, 1]], 20));
    expect(told(hear([...market.slice(0, 1), second], crossed(0, 20)))).toEqual([
      '0 snapshot 10: 5@103 5@99 | 5@101',
      '50 snapshot 20: 1@98 | 1@100',
    ]);
  });

  test('need two sides', () => {
    const empty = [at(0, snapshot([[99, 5]], [], 10)), at(10, diff(11, { bids: [[98, 1]] }))];
    expect(hear(empty, crossed(0, 100))).toEqual(empty);
  });
});

describe('a drifting clock', () => {
  test('runs away from ours, then has been set right', () => {
    const times = Array.from({ length: 5 }, (_, n) => at(n * 1_800_000, trade('buy', 100, 1)));
    const drift: FeedDisturbanceOptions = {
      kind: 'clock-drift',
      when: scheduled(1_800_000, 2 * 1_800_000 + 1),
      driftMsPerHour: -200,
      stepMs: 1_000,
    };
    expect(
      hear(times, drift).map(({ receivedMs, exchangeMs = NaN }) => [receivedMs, exchangeMs - receivedMs]),
    ).toEqual([
      [0, 0],
      [1_800_000, 1_000],
      [3_600_000, 900],
      [5_400_000, 800],
      [7_200_000, 0],
    ]);
  });

  test('is nothing to a feed that tells no times of the exchange', () => {
    const events = [trade('buy', 100, 1)];
    const drift = { kind: 'clock-drift', when: scheduled(0, 1e9), stepMs: 5 } as const;
    expect(hear(events, drift)).toEqual(events);
  });

  test('gives whole milliseconds', () => {
    const drift = { kind: 'clock-drift', when: scheduled(0, 1e9), driftMsPerHour: 1_000 } as const;
    expect(hear([at(1_000, trade('buy', 100, 1))], drift)[0]?.exchangeMs).toBe(1_000);
  });
});

test('what is stuck is lost in an outage as well, and the repair tells what was told before', () => {
  const both = hear(
    market,
    { kind: 'stuck', when: scheduled(150, 1e6) },
    { kind: 'outage', when: scheduled(200, 50), resyncMs: 0 },
  );
  expect(told(both).slice(2, 6)).toEqual([
    '250 trade 1@102',
    '300 diff 13-13: 4@100 | 5@101',
    '300 quote 13: 4@100 | 5@101',
    '400 diff 14-14: 4@100 | 5@101',
  ]);
  expect(told(both)[6]).toBe('400 snapshot 14: 4@100 5@99 | 5@101');
});
