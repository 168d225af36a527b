// An exit fits into what the orders of its side leave of the position.
import { openDesk } from './support/desk.ts';
import { idOf, order, text } from './support/intents.ts';

const { desk, driver, book } = await openDesk();
await desk.submit(order('entry', 'buy', '2', '59990'));
driver.fill(idOf('entry'), '2', '59990');

console.log('sell 1.5:', text(await desk.submit(order('b-1', 'sell', '1.5', '60010'))));
console.log('sell 1:', text(await desk.submit(order('b-2', 'sell', '1', '60010'))));
console.log('sell 3:', text(await desk.submit(order('b-3', 'sell', '3', '60010'))));
const reduceOnly = order('b-4', 'sell', '1', '60010', { reduceOnly: true });
console.log('sell 1, reduce-only:', text(await desk.submit(reduceOnly)));

for (const id of ['entry', 'b-1']) {
  const { isExit, postOnly } = book.order(idOf(id))?.order ?? {};
  console.log(`${id}: exit ${String(isExit)}, post-only ${String(postOnly)}`);
}
