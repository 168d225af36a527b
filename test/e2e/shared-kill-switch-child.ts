// One process with a kill switch of its own on disk, in step with the others over Redis. Options as JSON in the first argument.
// Reads commands as JSON lines, says as JSON lines what it does, what its switch tells, and what it finds after it stood still.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
// Each from its own file: a process of this starts in half the time.
import { RedisStateSignals } from '../../src/adapters/redis/state/redis-state-signals.ts';
import { RedisStateStore } from '../../src/adapters/redis/state/redis-state-store.ts';
import { person } from '../../src/core/principal.ts';
import { SystemClock } from '../../src/core/clock.ts';
import { KillSwitch } from '../../src/risk/kill-switch.ts';
import { SharedKillSwitch } from '../../src/risk/shared/shared-kill-switch.ts';
import { FIRM } from '../../src/risk/trading-state.ts';
import { SqliteStateStore } from '../../src/storage/sqlite-state-store.ts';

interface Given {
  readonly url: string;
  readonly directory: string;
  readonly isNew: boolean;
  readonly isPushed: boolean;
  readonly options: object;
}
const { url, directory, isNew, isPushed, options } = JSON.parse(process.argv[2] ?? '') as Given;
const clock = new SystemClock();
const by = person('ann');
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const disk = await SqliteStateStore.open({ path: join(directory, 'state.db') }, { clock });
const killSwitch = await KillSwitch.open({ store: disk, clock }, isNew);
const server = { url, maxBackoffMs: 100 };
const store = await RedisStateStore.open(server, { clock });
const signals = isPushed ? await RedisStateSignals.open(server, { clock }) : undefined;
const shared = await SharedKillSwitch.open(
  { killSwitch, store, clock, ...(signals && { signals }) },
  options,
);
const now = () => ({
  state: killSwitch.tradingState(),
  ...shared.status,
  trips: killSwitch.records().length,
});
killSwitch.onChange(({ kind }) => {
  say({ kind, ...now() });
});

// Stands for an order: decided in the first tick after a stop, before anything could have been read.
let lastMs = clock.monotonicMs();
clock.every(20, () => {
  const gapMs = clock.monotonicMs() - lastMs;
  lastMs = clock.monotonicMs();
  if (gapMs > 1_500) say({ kind: 'thawed', state: killSwitch.tradingState(), gapMs });
});

const commands: Readonly<Record<string, () => Promise<unknown> | object>> = {
  trip: () => killSwitch.trip({ to: 'halted', reason: 'fire', by }),
  release: () => shared.release({ scope: FIRM, confirm: 'firm', reason: 'checked', by }),
  tell: () => ({}),
};
say({ kind: 'ready', ...now() });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as string;
  try {
    await commands[command]?.();
    say({ kind: `${command} done`, ...now() });
  } catch (error) {
    say({ kind: `${command} failed`, error: String(error) });
  }
}
process.exit(0); // whoever started it is gone
