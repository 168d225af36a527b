// Tries everything that writes on a directory that holds a log and a snapshot, where this process may write nothing; then
// prints what happened.
import { SystemClock } from '../../../src/core/index.ts';
import { DataDirectory, FileAppendLog, FileSnapshotStore } from '../../../src/storage/index.ts';

const [directory = ''] = process.argv.slice(2);
const place = { directory, name: 'journal' };
const told = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
  );

const opened = await told(DataDirectory.open(directory, { clock: new SystemClock() }));
const snapshots = await FileSnapshotStore.open(place);
const saved = await told(snapshots.save(9, ['state']));
const newest = (await snapshots.newest())?.seq;
const log = await FileAppendLog.open(place).catch(() => undefined);
const trimmed = log && (await told(log.trim(3)));
const firstSeq = log?.firstSeq;
const appended = log && (await told(log.append('more')));
await log?.close();
console.log(
  JSON.stringify({ opened, saved, newest, canOpenLog: log !== undefined, trimmed, firstSeq, appended }),
);
