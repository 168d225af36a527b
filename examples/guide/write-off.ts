// The venue has lost all record of an order, and answers no question about it. A named person ends the doubt.
import { person } from 'portcullis';
import { idOf, order, text } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, book, killSwitch, directory } = await night.start();
await desk.start();
const state = () =>
  `${String(book.order(idOf('w-1'))?.state)}, held ${String((book.cell('main', 'BTC-USD')?.buy ?? 0) / 1_000)} BTC`;

night.venue.line = 'the answer is lost';
const submitted = desk.submit(order('w-1', 'buy', '2', '59990'));
night.venue.outage = 'maintenance';
await night.pass(desk, 5); // venueTimeoutMs
console.log('w-1:', text(await submitted));
await night.pass(desk, 600);
console.log('ten minutes later:', state());

const mira = { by: person('mira'), reason: 'their desk says by telephone: it never arrived' };
const outcome = await desk.writeOff(idOf('w-1'), mira);
console.log(outcome.kind === 'written-off' ? `written off: ${outcome.released} BTC` : outcome.kind);
console.log('after it:', state());
console.log('once more:', (await desk.writeOff(idOf('w-1'), mira)).kind);

night.venue.outage = undefined;
night.venue.fill(idOf('w-1'), '0.5', '59990'); // they were wrong
await desk.settled();
console.log('a fill after all:', state(), '-', killSwitch.tradingState());
console.log(killSwitch.whyRestricted());

await directory.close();
await night.end();
