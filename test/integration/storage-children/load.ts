// Imports the room and opens a log: node:sqlite must not be loaded for that (Node 22 prints a warning when it is).
import { FileAppendLog } from '../../../src/storage/index.ts';

const log = await FileAppendLog.open({ directory: process.argv[2] ?? '', name: 'journal' });
await log.append('a');
await log.close();
const loaded = (process as unknown as { moduleLoadList: string[] }).moduleLoadList;
console.log(loaded.filter((name) => name.includes('sqlite')).join(' '));
