// The disk refuses: before the send nothing goes out, after it nobody may rely on what is not written.
import { MemoryAppendLog } from 'portcullis/storage';
import { openDesk } from './support/desk.ts';
import { idOf, order, text } from './support/intents.ts';

class Disk extends MemoryAppendLog {
  recordsLeft = Infinity;

  override append(record: object) {
    if (this.recordsLeft-- > 0) return super.append(record);
    return Promise.reject(new Error('no space left on device'));
  }
}

const disk = new Disk();
const { desk, killSwitch, book } = await openDesk(disk);
const held = () => `held ${String((book.cell('main', 'BTC-USD')?.buy ?? 0) / 1_000)} BTC`;

disk.recordsLeft = 0; // not even "submitting"
console.log(text(await desk.submit(order('f-1', 'buy', '2', '59990'))), '-', held());
console.log('trading:', killSwitch.tradingState());

disk.recordsLeft = 1; // "submitting", but not "accepted"
console.log(text(await desk.submit(order('f-2', 'buy', '2', '59990'))));
console.log('trading:', killSwitch.tradingState());
console.log('the trip had it cancelled:', book.order(idOf('f-2'))?.state, '-', held());
