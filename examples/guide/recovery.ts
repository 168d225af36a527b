// The process is killed while an order is out. The order fills. Then the process starts again.
import { idOf, order } from './support/intents.ts';
import { Night, findings } from './support/night.ts';

const night = await Night.begin();
const before = await night.start();
await before.desk.start();
await before.desk.submit(order('r-1', 'buy', '2', '59990'));
night.venue.line = 'the answer is lost';
void before.desk.submit(order('r-2', 'buy', '1', '59990'));
await before.desk.settled();
await before.directory.close(); // as kill -9 does: nothing is said to anybody

night.venue.fill(idOf('r-1'), '2', '59990');

const { desk, journal, killSwitch, book, directory } = await night.start();
const { records, inDoubt, tornBytes } = journal.recovered;
console.log('records replayed:', records, '- in doubt:', inDoubt.length, '- torn bytes:', tornBytes);
console.log('before the comparison:', killSwitch.tradingState(), `(${String(killSwitch.whyRestricted())})`);
console.log('found:', findings(await night.until(desk, desk.start())));
console.log('after it:', killSwitch.tradingState());
console.log('r-1:', book.order(idOf('r-1'))?.state, '- r-2:', book.order(idOf('r-2'))?.state);
console.log('a second look:', findings(await night.until(desk, desk.reconcile())));

await directory.close();
await night.end();
