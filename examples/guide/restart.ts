// The process ends while an order is out. The next one finds the order, does not know, and holds it.
import { MemoryAppendLog } from 'portcullis/storage';
import { openDesk } from './support/desk.ts';
import { idOf, order, text } from './support/intents.ts';

const before = await openDesk();
before.driver.reply = undefined;
void before.desk.submit(order('g-1', 'buy', '2', '59990'));
await before.desk.settled(); // "submitting" is on disk, and the venue has been asked

const onDisk = [];
for await (const entry of before.log.read()) onDisk.push(entry);

const { desk, journal, book } = await openDesk(new MemoryAppendLog(onDisk));
console.log('in doubt:', journal.recovered.inDoubt.length, 'order');
console.log(
  book.order(idOf('g-1'))?.state,
  '- held',
  (book.cell('main', 'BTC-USD')?.buy ?? 0) / 1_000,
  'BTC',
);
console.log('again:', text(await desk.submit(order('g-1', 'buy', '2', '59990'))));
