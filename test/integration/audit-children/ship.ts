// Records and ships without end until it is killed. Its position is written late, so that a kill comes between shipping and
// writing it. Prints the number of each record as soon as it is acknowledged.
import { writeSync } from 'node:fs';
import { AuditKeeper, FileAuditSink, headSigner } from '../../../src/audit/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { DataDirectory, type StateStore } from '../../../src/storage/index.ts';

const [data = '', archive = '', privateKey = '', slowMs = '0'] = process.argv.slice(2);
const clock = new SystemClock();
const directory = await DataDirectory.open(data, { clock });
const log = await directory.openLog('audit', { segmentBytes: 5000 });
const state = await directory.openStore('state');
const store: Pick<StateStore, 'get' | 'set'> = {
  get: (key) => state.get(key),
  async set(key, value) {
    writeSync(1, 'shipped\n');
    await clock.sleep(Number(slowMs));
    return state.set(key, value);
  },
};
const audit = await AuditKeeper.open(
  { signing: { everyRecords: 10 }, shipping: { lingerMs: 0, batchRecords: 7 } },
  {
    log,
    clock,
    store,
    signer: headSigner(privateKey),
    sinks: [new FileAuditSink({ directory: archive, segmentBytes: 5000 }, { clock })],
  },
);
for (let turn = 0; ; turn++) {
  const { seq } = await audit.record({ kind: 'order.decided', turn });
  writeSync(1, `${seq}\n`);
}
