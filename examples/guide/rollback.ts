// A new version does worse than the old one: after three bad checks its flag is off.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditLog, ManualClock, MetricsRegistry } from 'portcullis';
import {
  FileFlagProvider,
  FlagControl,
  RollbackWatch,
  type StatsSample,
  flipFlag,
  openFlags,
} from 'portcullis/service';
import { MemoryAppendLog } from 'portcullis/storage';
import { seriesIn } from './support/series.ts';

const directory = await mkdtemp(join(tmpdir(), 'portcullis-guide-'));
const path = join(directory, 'flags.json');
await writeFile(path, '{ "flags": { "new-router": { "type": "boolean", "default": true } } }');
const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
const audit = await AuditLog.open(new MemoryAppendLog(), { clock });
audit.onRecord(({ kind, by, details: { reason = '' } }) => {
  console.log(`  audit: ${kind}, ${String(by?.kind)} ${String(by?.id)}`, reason);
});
const provider = new FileFlagProvider({ path }, { clock, audit });
const flags = await openFlags('router', provider);
const metrics = new MetricsRegistry();

// Counters that only grow, from where you have them: your own metrics, or a query.
const now: { own: StatsSample; old: StatsSample } = {
  own: { requests: 0, errors: 0 },
  old: { requests: 0, errors: 0 },
};
const add = (to: StatsSample, requests: number, errors: number): StatsSample => ({
  requests: to.requests + requests,
  errors: to.errors + errors,
});

const watch = new RollbackWatch(
  {
    version: '2.0.0',
    triggers: [
      {
        name: 'rejects',
        measure: { kind: 'error-ratio' },
        against: { to: 'baseline', ratio: 2, minDifference: 0.01 }, // twice as bad, and by one in a hundred
        minSamples: 50,
        failures: 3,
        of: 5,
      },
    ],
    everyMs: 60_000,
    warmUpMs: 60_000,
  },
  {
    clock,
    stats: { sample: () => now.own },
    baseline: { kind: 'live', stats: { sample: () => now.old } },
    actions: [
      flipFlag({ flag: 'new-router', value: false }, { control: new FlagControl({ flags: provider }) }),
    ],
    audit,
    metrics,
  },
);

// Each minute: requests and errors of the new version; the old one has 2 errors in 200.
const minutes = [
  [0, 0],
  [200, 2],
  [12, 3],
  [200, 9],
  [200, 24],
  [200, 26],
  [200, 30],
  [200, 31],
] as const;
for (const [requests, errors] of minutes) {
  now.own = add(now.own, requests, errors);
  now.old = add(now.old, 200, 2);
  for (const { verdict, because, failed, conclusive, isFired, outcomes } of await watch.check()) {
    console.log(`${String(errors)} of ${String(requests)}: ${verdict}, ${because}`);
    console.log(
      `  ${String(failed)} failed of ${String(conclusive)} conclusive${isFired ? ', fired' : ''}`,
      ...outcomes,
    );
  }
  clock.advance(60_000);
}
console.log('new-router:', await flags.client.getBooleanValue('new-router', true));
for (const line of seriesIn(await metrics.exposition({ process: false }), 'service_rollback_'))
  console.log(line);
await flags.close();
await rm(directory, { recursive: true });
