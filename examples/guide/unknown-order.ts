// Two orders without an answer: one had arrived, one had not.
import { idOf, order, text } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, book, directory } = await night.start();
await desk.start();
const state = (id: string) => book.order(idOf(id))?.state;
const held = () => `held ${String((book.cell('main', 'BTC-USD')?.buy ?? 0) / 1_000)} BTC`;

night.venue.line = 'the answer is lost';
const first = desk.submit(order('n-1', 'buy', '1', '59990'));
await night.pass(desk, 5); // venueTimeoutMs
console.log('n-1:', text(await first), '-', held());
await night.pass(desk, 1);
console.log('n-1 was looked up:', state('n-1'), '-', held());

night.venue.line = 'the order is lost';
const second = desk.submit(order('n-2', 'buy', '2', '59990'));
await night.pass(desk, 5);
console.log('n-2:', text(await second), '-', held());
await night.pass(desk, 20);
console.log('n-2, not found, but that may change:', state('n-2'), '-', held());
await night.pass(desk, 60);
console.log('n-2, not found for long enough:', state('n-2'), '-', held());

await directory.close();
await night.end();
