import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';
import { chaos } from './chaos.ts';
import { DEFECTS, SHOWN_BY, plantedBy } from './defects.ts';
import { FAULTS } from './faults.ts';
import { chaosReport, printReport } from './report.ts';

const HELP = `usage: npm run chaos -- [options]

Runs the trading system as a cluster over a real Redis and PostgreSQL, sends orders, and lets processes, servers and links
fail. In the end it checks by the exchange's own log that no order and no event was lost or doubled, and that the kill switch was
obeyed. Exit code 1 on any violation.

  --minutes N       of faults (default 2)
  --seed S          a whole number (default 1): which faults in which order; when things happen is up to the machine
  --json FILE       write the report as JSON as well
  --no-postgres     journal and history in files
  --only KIND       this kind of fault alone; may be given more than once
  --defect NAME     plant a defect, to see that it is found: ${DEFECTS.join(', ')}
  --help            print this

faults: ${FAULTS.map(({ kind }) => kind).join('; ')}`;

const schema = z.strictObject({
  minutes: z.coerce.number().min(0.1).max(600).default(2),
  seed: z.coerce.number().int().min(0).max(999_999_999).default(1),
  json: z.string().min(1).optional(),
  postgres: z.boolean().default(true),
  only: z.array(z.enum(FAULTS.map(({ kind }) => kind))).optional(),
  defect: z.enum(DEFECTS).optional(),
  help: z.boolean().optional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      ...{ minutes: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } },
      ...{ postgres: { type: 'boolean' }, only: { type: 'string', multiple: true } },
      ...{ defect: { type: 'string' }, help: { type: 'boolean' } },
    },
  });
  const { minutes, seed, json, postgres, defect, help, ...given } = parseInput('chaos', schema, {
    ...values,
  });
  if (help === true) {
    console.log(HELP);
    return;
  }
  const only = given.only ?? (defect && SHOWN_BY[defect]);
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-chaos-'));
  console.log(`logs in ${directory}, removed if nothing is found`);
  const startedMs = performance.now();
  const run = await chaos({
    ...{ directory, minutes, seed, withPostgres: postgres },
    ...(only && { only }),
    ...(defect && { preload: plantedBy(defect) }),
    onRound: ({ fault, takeoverMs, recoveryMs }) => {
      const took = takeoverMs === undefined ? '' : `, taken over after ${takeoverMs} ms`;
      const second = Math.round((performance.now() - startedMs) / 1_000);
      console.log(
        `${String(second).padStart(5)} s  ${fault}${took}, recovered ${recoveryMs ?? 'not'} ms after it`,
      );
    },
  });
  const tookMs = Math.round(performance.now() - startedMs);
  const report = chaosReport(run, { seed, postgres, tookMs, ...(defect && { defect }) });
  console.log(`\n${printReport(report)}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (report.violations === 0) rmSync(directory, { recursive: true, force: true });
  else process.exitCode = 1;
}

await main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});
