import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, parseCommandLine, whole } from '../../../examples/demo/command-line.ts';
import { check } from './check/check.ts';
import { printReport, tortureReport } from './report.ts';
import { DEFECTS } from './trader-config.ts';
import { torture } from './torturer.ts';

const HELP = `usage: npm run torture -- [options]

Lets a trader trade with the toy exchange, kills it with SIGKILL at every step of the order path and at random moments,
restarts it each time, and checks what is left by the exchange's own log, the journal and the audit log. Exit code 1 on
any violation.

  --kills N      how often (default 60)
  --seed S       a whole number (default 1): what is wanted; when things happen is up to the machine
  --json FILE    write the report as JSON as well
  --defect NAME  plant a defect, to see that it is found: ${DEFECTS.join(', ')}
  --help         print this`;

const schema = z.strictObject({
  kills: whole.pipe(z.number().min(1)).default(60),
  seed: whole.default(1),
  json: z.string().min(1).optional(),
  defect: z.enum(DEFECTS).optional(),
  help: z.boolean().optional(),
});

async function main(): Promise<void> {
  const { kills, seed, json, defect, help } = parseCommandLine('torture', schema, process.argv.slice(2));
  if (help === true) {
    console.log(HELP);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-torture-'));
  console.log(`logs in ${directory}, removed if nothing is found`);
  const startedMs = performance.now();
  const torn = await torture({
    directory,
    kills,
    seed,
    ...(defect !== undefined && { defect }),
    onKill: ({ life, wanted, step }) => {
      const note = step === wanted ? '' : ` (${wanted} did not come in time)`;
      console.log(`${String(life).padStart(4)} killed ${step}${note}`);
    },
  });
  const verdict = await check(torn);
  const report = tortureReport(torn, verdict, { seed, tookMs: performance.now() - startedMs });
  console.log(`\n${printReport(report)}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (report.violations.length === 0) rmSync(directory, { recursive: true, force: true });
  else process.exitCode = 1;
}

await main().catch(fail);
