import { PostgresAppendLog, PostgresDatabase } from '../../../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../../../src/core/index.ts';

/** Writes numbers to the log until it is told not to, and says which were acknowledged: `<url> <schema> <fence>`. */
const [url = '', schema = '', fence = ''] = process.argv.slice(2);
const database = await PostgresDatabase.open({ url, schema }, { clock: new SystemClock() });
const log = await PostgresAppendLog.open({ name: 'journal', fence: Number(fence) }, { database });
console.log('open');
for (let number = 1; ; number++) {
  try {
    const { seq } = await log.append({ fence: Number(fence), number });
    console.log(`ack ${seq} ${number}`);
  } catch (error) {
    console.log((error as { code: string }).code);
    break;
  }
}
await database.close();
