import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const handle = await open(process.execPath);
const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, 'datasync'>;
await handle.close();

const { datasync } = prototype;
prototype.datasync = async function slow(this: FileHandle): Promise<void> {
  await sleep(Math.random() * 12);
  await datasync.call(this);
};
