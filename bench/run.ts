import { rename, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type BenchResult, type Suite } from './result.ts';
import { breaker } from './suites/breaker.ts';
import { busGrowth } from './suites/bus-growth.ts';
import { bus } from './suites/bus.ts';
import { chassis } from './suites/chassis.ts';
import { fetcher } from './suites/fetcher.ts';
import { leaseWindow } from './suites/lease-window.ts';
import { metrics } from './suites/metrics.ts';
import { orderPath } from './suites/order-path.ts';
import { risk } from './suites/risk.ts';
import { safety } from './suites/safety.ts';
import { tracing } from './suites/tracing.ts';

const SUITES: readonly Suite[] = [
  breaker,
  bus,
  busGrowth,
  chassis,
  fetcher,
  leaseWindow,
  metrics,
  orderPath,
  risk,
  safety,
  tracing,
];
const USAGE = `usage: npm run bench -- [SUITE ...] [--json FILE]\nsuites: ${SUITES.map(({ name }) => name).join(', ')}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean' } },
});
const unknown = positionals.find((name) => !SUITES.some((suite) => suite.name === name));
if (unknown !== undefined || values.help === true) {
  console.error(unknown === undefined ? USAGE : `bench: no suite ${unknown}\n${USAGE}`);
  process.exit(unknown === undefined ? 0 : 2);
}

const results: BenchResult[] = [];
for (const suite of SUITES) {
  if (positionals.length > 0 && !positionals.includes(suite.name)) continue;
  console.log(suite.name);
  for (const result of await suite.run()) {
    results.push(result);
    const { name, opsPerSec, nsPerOp, p50Us, p90Us, p99Us, maxUs } = result;
    const tail = p90Us === undefined ? '' : `  p90 ${p90Us.toFixed(2)} us  max ${maxUs?.toFixed(2) ?? ''} us`;
    console.log(
      `  ${name.padEnd(20)} ${Math.round(opsPerSec).toLocaleString('en').padStart(12)}/s  ${nsPerOp.toFixed(0).padStart(8)} ns` +
        `  p50 ${p50Us.toFixed(2)} us  p99 ${p99Us.toFixed(2)} us${tail}`,
    );
  }
}
if (values.json !== undefined) {
  await writeFile(`${values.json}.tmp`, `${JSON.stringify(results, undefined, 2)}\n`);
  await rename(`${values.json}.tmp`, values.json);
}
