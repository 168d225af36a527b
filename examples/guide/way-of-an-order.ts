// One order, from the intent to the fill, and what is on disk in the end.
import { openDesk } from './support/desk.ts';

const { desk, driver, log, book } = await openDesk();
desk.onEvent((event) => {
  if (event.kind === 'order') console.log('  told:', event.event.type);
  else console.log('  told:', event.kind);
});

const outcome = await desk.submit({
  intentId: 'a-1', // yours, and once for ever: repeating it is the same order
  accountId: 'main',
  strategyId: 'guide',
  instrumentId: 'BTC-USD',
  side: 'buy',
  quantity: '2', // a string, a bigint or a Decimal; never a number
  price: { type: 'limit', limit: '59990' },
});
console.log('outcome:', outcome.kind);
if (outcome.kind !== 'accepted') throw new Error(outcome.kind);

const cell = () => {
  const { pos = 0, buy = 0 } = book.cell('main', 'BTC-USD') ?? {};
  return `position ${String(pos / 1_000)} BTC, still held for buying ${String(buy / 1_000)} BTC`;
};
console.log(cell());
driver.fill(outcome.clientOrderId, '0.5', '59990');
console.log(cell()); // in the same tick, and before anybody is told
await desk.settled();

for await (const { seq, record } of log.read()) console.log(seq, (record as { type: string }).type);
