// Owns a data directory until killed, or says why it does not.
import { SystemClock } from '../../../src/core/index.ts';
import { DataDirectory } from '../../../src/storage/index.ts';

const clock = new SystemClock();
try {
  const directory = await DataDirectory.open(process.argv[2] ?? '', { clock });
  const store = await directory.openStore('state');
  await store.set('kill-switch', 'halted');
  console.log(`owner, new: ${directory.isNew}`);
  await clock.sleep(600_000);
} catch (error) {
  console.log(
    error instanceof Error && 'code' in error ? `${String(error.code)}: ${error.message}` : String(error),
  );
}
