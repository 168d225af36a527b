// A log is copied with its sequence numbers, goes on where a copy was interrupted, and is compared in the end.
import { MemoryAppendLog, copyLog } from 'portcullis/storage';

const journal = new MemoryAppendLog(); // a file of a data directory, or a table
for (let n = 1; n <= 5; n++) await journal.append({ kind: 'order', n });

const target = new MemoryAppendLog();
for (let n = 1; n <= 2; n++) await target.append({ kind: 'order', n }); // as a copy leaves it that was interrupted
const { copied, present, digest } = await copyLog(journal, target);
console.log(`${copied} copied, ${present} were there, digest ${digest.slice(0, 16)}...`);

const other = new MemoryAppendLog();
await other.append({ kind: 'of somebody else' });
await copyLog(journal, other).catch((error: unknown) => {
  console.log(error instanceof Error && error.message);
});
