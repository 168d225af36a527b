/** Trades until it is killed, for journal-relay.test.ts: `node journal-relay-trader.ts DIRECTORY LIFE`. A line for each order. */
import { openRelayedDesk } from './support/relayed-desk.ts';

const [directory = '', life = ''] = process.argv.slice(2);
const { desk, quote } = await openRelayedDesk(directory);
quote();
await desk.start();
for (let order = 0; ; order += 1) {
  quote();
  const outcome = await desk.submit({
    intentId: `${life}-${order}`,
    accountId: 'main',
    strategyId: 'trader',
    instrumentId: 'BTC-USD',
    side: order % 2 === 0 ? 'buy' : 'sell',
    quantity: '0.010',
    // Every fifth waits in the book.
    price: {
      type: 'limit',
      limit: order % 5 === 4 ? '59999.5' : order % 2 === 0 ? '60010' : '59990',
      postOnly: false,
    },
  });
  console.log(
    outcome.kind === 'denied' ? `denied ${outcome.denials.map(({ code }) => code).join()}` : outcome.kind,
  );
}
