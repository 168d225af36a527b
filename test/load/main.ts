import { rename, writeFile } from 'node:fs/promises';
import { PortcullisError } from 'portcullis/core';
import { postgresMissing } from '../support/postgres-server.ts';
import { redisMissing } from '../support/redis-server.ts';
import { Ground } from './ground.ts';
import { type LoadResult, loadPart } from './load-part.ts';
import { machine } from './measure/usage.ts';
import { HELP, type LoadOptions, VARIANTS, type Variant, budgetMs, parseOptions } from './options.ts';
import { type LoadReport, reportText } from './report.ts';
import { type RoundsResult, roundsPart } from './rounds/rounds-part.ts';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** For what is killed to be gone. */
const ABANDON_MS = 20_000;

const say = (line: string): void => {
  console.error(line);
};

/** The ground of the part that is being measured. */
let ground = new Ground();

/** Ends at once, and leaves nothing behind. */
function abandon(why: string): void {
  say(`load: ${why}; ending all that was started`);
  const over = (): void => process.exit(EXIT_FAILED);
  setTimeout(over, ABANDON_MS).unref();
  void ground.abandon().then(over, over);
}

/** A part on ground of its own, which is cleared whatever happens. */
async function measured<T>(
  part: string,
  failed: { part: string; why: string }[],
  work: (on: Ground) => Promise<T>,
): Promise<T | undefined> {
  say(part);
  ground = new Ground();
  try {
    return await work(ground);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`  could not be measured: ${why}`);
    failed.push({ part, why });
    return undefined;
  } finally {
    await ground.clear();
  }
}

const isPossible = (variant: Variant): boolean =>
  variant !== 'exchange-postgres' || postgresMissing === undefined;

async function run(options: LoadOptions): Promise<LoadReport> {
  const startedMs = performance.now();
  const on = machine();
  const failed: { part: string; why: string }[] = [];
  const load: LoadResult[] = [];
  const variants = options.variants ?? VARIANTS.filter(isPossible);
  for (const variant of options.parts.includes('load') ? variants : []) {
    const result = await measured(variant, failed, (clear) => loadPart(variant, options, clear, say));
    if (result !== undefined) load.push(result);
  }
  const hasRounds = options.parts.some((part) => part !== 'load');
  const rounds: RoundsResult | undefined = hasRounds
    ? await measured('takeover and propagation', failed, (clear) => roundsPart(options, clear, say))
    : undefined;
  return {
    command: ['npm run load --', ...process.argv.slice(2)].join(' '),
    startedAt: new Date().toISOString(),
    tookMs: performance.now() - startedMs,
    machine: on,
    ...{ load, failed },
    ...(rounds && { rounds }),
  };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(HELP);
    return;
  }
  if (options.redis === undefined && redisMissing !== undefined)
    throw new PortcullisError('INPUT_INVALID', `load: ${redisMissing}, or give --redis URL`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      abandon(signal);
    });
  const budget = budgetMs(options);
  setTimeout(() => {
    abandon(`not done within ${Math.round(budget / 60_000)} minutes`);
  }, budget).unref();
  const report = await run(options);
  console.log(reportText(report));
  if (options.json !== undefined) {
    await writeFile(`${options.json}.tmp`, `${JSON.stringify(report, undefined, 2)}\n`);
    await rename(`${options.json}.tmp`, options.json);
  }
  const isWhole = report.failed.length === 0;
  process.exit(isWhole ? 0 : EXIT_FAILED);
}

await main().catch((error: unknown) => {
  console.error(error instanceof PortcullisError || error instanceof TypeError ? error.message : error);
  process.exit(EXIT_BAD_INPUT);
});
