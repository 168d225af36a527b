// The journal is the outbox: orders go on while there is no bus, and the bus hears of each once it is there.
import { EmbeddedEventBus, ORDER_EVENTS } from 'portcullis/events';
import { JournalRelay, OutboxLog } from 'portcullis/desk';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import { BTC_USD } from '../support/market.ts';
import { openDesk } from './support/desk.ts';
import { order, text } from './support/intents.ts';

const log = new OutboxLog(new MemoryAppendLog());
const { desk, journal, book, clock } = await openDesk(log);
console.log(text(await desk.submit(order('e-1', 'buy', '2', '59990'))));
await desk.settled();

const bus = await EmbeddedEventBus.open({}, { clock });
await bus.subscribe('report', ORDER_EVENTS, ({ type }) => console.log('the bus:', type)).ready;
const store = new MemoryStateStore({ clock });
const deps = { bus, log, journal, book, instruments: [BTC_USD], store, clock };
const relay = await JournalRelay.open({ name: 'main' }, deps);
await relay.stop(); // tells what is on disk by then
console.log('records that the bus does not have:', relay.status().lag);
await bus.close();
