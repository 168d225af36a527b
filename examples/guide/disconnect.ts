// The connection to the venue goes, a fill happens, and it comes back.
import { idOf, order, text } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, book, killSwitch, directory } = await night.start();
await desk.start();
await desk.submit(order('c-1', 'buy', '2', '59990'));
const position = () => `${String((book.cell('main', 'BTC-USD')?.pos ?? 0) / 1_000)} BTC`;

night.venue.connection({ type: 'disconnected', reason: 'socket closed' });
console.log(killSwitch.tradingState(), '-', killSwitch.whyRestricted());
console.log('buy 1:', text(await desk.submit(order('c-2', 'buy', '1', '59990'))));
night.venue.fill(idOf('c-1'), '2', '59990'); // nobody tells us
console.log('position in the Book:', position());

night.venue.connection({ type: 'connected' });
await night.pass(desk, 5);
console.log(killSwitch.tradingState(), '- position in the Book:', position());

await directory.close();
await night.end();
