// Appends without end, 16 records in flight, and prints the number of each as soon as it is acknowledged.
import { writeSync } from 'node:fs';
import { FileAppendLog } from '../../../src/storage/index.ts';

const [directory = '', segmentBytes = ''] = process.argv.slice(2);
const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes: Number(segmentBytes) });

async function appendForEver(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const { seq } = await log.append({ lane, turn, filler: 'x'.repeat((lane * turn) % 3000) });
    writeSync(1, `${seq}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, lane) => appendForEver(lane)));
