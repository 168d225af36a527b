/** Runs the trading system, or one service of it: `npm start -- --help`. */
import { PortcullisError, SystemClock } from 'portcullis/core';
import { createLogger } from 'portcullis/telemetry';
import { type Command, HELP, parseCommand } from './command-line.ts';
import { RunningSystem } from './running-system.ts';

/** The lease was lost, or given up since the journal takes nothing more: another process trades, and this one is to stand by again. */
const EXIT_LEASE_LOST = 75;
const EXIT_BAD_INPUT = 2;

const clock = new SystemClock();

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function run({ config, only, instance }: Command): Promise<void> {
  const logger = createLogger({ name: only ?? 'trading-system', level: config.logLevel }, { clock });
  const running: { system?: RunningSystem } = {};
  let isEnding = false;
  const end = (reason: string, code: number): void => {
    if (isEnding) {
      if (code === 0) process.exit(1); // asked twice: at once
      return;
    }
    isEnding = true;
    const stopped = running.system?.stop(reason) ?? Promise.resolve(true);
    void stopped.then(
      (isClean) => process.exit(isClean || code === EXIT_LEASE_LOST ? code : 1),
      () => process.exit(code === EXIT_LEASE_LOST ? code : 1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      end(signal, 0);
    });
  for (const crash of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(crash, (error: unknown) => {
      logger.error({ err: error }, crash);
      end(crash, 1);
    });
  const started = await RunningSystem.start(
    config,
    { ...(only !== undefined && { roles: [only] }), instance },
    {
      ...{ clock, logger },
      onEnded: (role) => {
        end(`${role} has ended`, 1);
      },
      // In one process it stands by again by itself. Of several, this one makes room at once: what it knows is outdated.
      ...(config.redis !== undefined && {
        onLeaseLost: (reason: string) => {
          console.log(JSON.stringify({ leaseLost: reason, role: only, instance }));
          process.exit(EXIT_LEASE_LOST);
        },
        // The lease is free by now: this one ends in order, and its next run opens the journal anew.
        onJournalFailed: (reason: string) => {
          console.log(JSON.stringify({ journalFailed: reason, role: only, instance }));
          end(reason, EXIT_LEASE_LOST);
        },
      }),
    },
  );
  running.system = started;
  if (only !== undefined) {
    const [address] = started.addresses();
    console.log(JSON.stringify({ ready: true, role: only, instance, url: address?.url, pid: process.pid }));
    return;
  }
  console.log('the trading system runs; stop it with Ctrl-C');
  for (const { role, url } of started.addresses()) console.log(`  ${role.padEnd(14)}${url}/`);
  console.log(`\n  all of it at a glance: ${started.service('monitoring')?.address ?? ''}/`);
}

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  if (command === undefined) console.log(HELP);
  else await run(command);
}

await main().catch((error: unknown) => {
  // What a service could not start for is what its user wants to know.
  const why = error instanceof PortcullisError && error.code === 'SERVICE_START_FAILED' ? error.cause : error;
  const isExpected =
    why instanceof PortcullisError || why instanceof TypeError || (why instanceof Error && 'syscall' in why);
  console.error(isExpected ? messageOf(why) : why);
  process.exit(isExpected ? EXIT_BAD_INPUT : 1);
});
