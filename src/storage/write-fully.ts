import type { LogFile } from './log-fs.ts';

/** Writes all of the bytes, also where the disk takes a part at a time. */
export async function writeFully(file: LogFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write(bytes.subarray(done), position + done);
    if (written === 0) throw new Error('the disk took no bytes');
    done += written;
  }
}
