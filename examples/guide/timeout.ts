// The venue does not answer. Nobody knows, so nothing is released and nothing is sent again.
import { openDesk } from './support/desk.ts';
import { idOf, order, text } from './support/intents.ts';

const { desk, driver, clock, book } = await openDesk();
const held = () => `held ${String((book.cell('main', 'BTC-USD')?.buy ?? 0) / 1_000)} BTC`;

driver.reply = undefined;
const waiting = desk.submit(order('e-1', 'buy', '2', '59990'));
await clock.turn();
clock.advance(5_000); // venueTimeoutMs
console.log(text(await waiting), '-', held());

console.log('again:', text(await desk.submit(order('e-1', 'buy', '2', '59990'))));
console.log('changed:', text(await desk.submit(order('e-1', 'buy', '3', '59990'))));

driver.fill(idOf('e-1'), '2', '59990'); // it had arrived after all
await desk.settled();
console.log(book.order(idOf('e-1'))?.state, '-', held());
