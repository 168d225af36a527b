// A durable bus in a process that is to be killed: handles what it is told of, and says what it has handled.
import { writeSync } from 'node:fs';
import { z } from 'zod';
import { SystemClock } from '../../../../src/core/index.ts';
import { EmbeddedEventBus, EventCatalogue, eventType } from '../../../../src/events/index.ts';
import { FileAppendLog, SqliteStateStore } from '../../../../src/storage/index.ts';

const [directory = '', publishText = '0', cursorEveryMs = '50'] = process.argv.slice(2);
const HAPPENED = eventType({
  type: 'thing.happened',
  schema: z.strictObject({ thing: z.string(), n: z.int() }),
  subject: ({ thing }) => thing,
});
const clock = new SystemClock();
const store = await SqliteStateStore.open({ path: `${directory}/state.db` }, { clock });
const bus = await EmbeddedEventBus.open(
  { cursorEveryMs: Number(cursorEveryMs) },
  {
    clock,
    catalogue: new EventCatalogue([HAPPENED]),
    storage: { openLog: (name) => FileAppendLog.open({ directory, name }), store },
  },
);
const tell = (text: string): void => {
  writeSync(1, `${text}\n`);
};
const subscription = bus.subscribe(
  'readers',
  [HAPPENED],
  async ({ data: { thing, n } }) => {
    tell(`begin ${thing} ${n}`);
    if (thing === 'poison') process.kill(process.pid, 'SIGKILL');
    await clock.turn();
    tell(`done ${thing} ${n}`);
  },
  { concurrency: 4, maxAttempts: 2, from: 'beginning' },
);
await subscription.ready;
const count = Number(publishText);
for (let n = 1; n <= count; n += 1) {
  const thing = n === 10 && directory.endsWith('poison') ? 'poison' : `t${n % 5}`;
  void bus.publish(HAPPENED, { thing, n }, { id: `e${n}` }).then(({ outcome }) => {
    tell(`${outcome} ${thing} ${n}`);
  });
}
// Until it has nothing more to do, or is killed.
for (;;) {
  await clock.sleep(20);
  const [group] = await bus.groups();
  if (group !== undefined && group.lag === 0 && group.pending === 0 && bus.status().waiting === 0) break;
}
for (const { reason, attempts, text } of await bus.deadLetters.list()) {
  tell(`letter ${reason} ${attempts} ${(JSON.parse(text) as { subject: string }).subject}`);
}
tell('idle');
await bus.close();
await store.close();
