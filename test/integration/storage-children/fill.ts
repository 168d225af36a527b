// Appends and sets until the disk refuses, in a process that may write only small files; then prints what happened.
import { SystemClock } from '../../../src/core/index.ts';
import { FileAppendLog, SqliteStateStore } from '../../../src/storage/index.ts';

const [directory = ''] = process.argv.slice(2);
const log = await FileAppendLog.open({ directory, name: 'journal' });
const store = await SqliteStateStore.open({ path: `${directory}/state.db` }, { clock: new SystemClock() });

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

async function untilRefused(
  write: (turn: number) => Promise<unknown>,
): Promise<{ done: number; code: unknown }> {
  for (let done = 0; ; done++) {
    try {
      await write(done);
    } catch (error) {
      return { done, code: codeOf(error) };
    }
  }
}

const appended = await untilRefused((turn) => log.append({ turn, filler: 'x'.repeat(1000) }));
const later = await log.append('later').catch(codeOf);
const set = await untilRefused((turn) => store.set(`key-${turn}`, 'x'.repeat(1000)));
const kept = (await store.list('key-')).length;
await log.close();
await store.close();
console.log(JSON.stringify({ appended, later, set, kept }));
