// Takes part in leases over a real server, and says at which times it counted itself the holder: `<redis|postgres> <url> <owner>`.
// Commands come as lines: `join NAME`, `release NAME`. Times are of the clock that all processes of the machine share.
import { createInterface } from 'node:readline';
import { SystemClock } from '../../../src/core/index.ts';
import { Lease, type LeaseHold, type StateSignals, type StateStore } from '../../../src/storage/index.ts';

const TICK_MS = 20;
const [kind = '', url = '', owner = '', ttlMs = ''] = process.argv.slice(2);
const clock = new SystemClock();
const holds = new Map<string, LeaseHold>();

const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ owner, ...line })}\n`);
const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

async function open(): Promise<{ store: StateStore; signals: StateSignals }> {
  if (kind === 'redis') {
    const { RedisStateSignals, RedisStateStore } = await import('../../../src/adapters/redis/index.ts');
    const options = { url, name: 'contend', maxBackoffMs: 100 };
    const store = await RedisStateStore.open(options, { clock });
    return { store, signals: await RedisStateSignals.open(options, { clock }) };
  }
  const { PostgresDatabase, PostgresStateSignals, PostgresStateStore } =
    await import('../../../src/adapters/postgres/index.ts');
  const database = await PostgresDatabase.open({ url, schema: 'contend' }, { clock });
  const store = new PostgresStateStore({ name: 'contend' }, { database });
  return { store, signals: PostgresStateSignals.open({}, { database }) };
}

/** A busy machine may not connect in time. */
const patiently = (): ReturnType<typeof open> => open().catch(() => patiently());

const deps = { ...(await patiently()), clock };

async function join(name: string): Promise<void> {
  const hold = await new Lease({ name, owner, ttlMs: Number(ttlMs) }, deps).acquire();
  holds.set(name, hold);
  hold.onLost(() => {
    holds.delete(name);
    say({ name, token: hold.token, said: 'lost' });
    void join(name);
  });
}

let lastMs = nowMs();
setInterval(() => {
  const atMs = nowMs();
  const gapMs = atMs - lastMs;
  lastMs = atMs;
  for (const [name, hold] of holds) {
    const isHeld = hold.isHeld();
    // Held now, and so at the time before the question.
    if (isHeld) say({ name, token: hold.token, said: 'held', atMs });
    if (gapMs > Number(ttlMs)) say({ name, token: hold.token, said: isHeld ? 'held on' : 'over', atMs });
  }
}, TICK_MS);

const commands: Record<string, (name: string) => void> = {
  join: (name) => void join(name),
  release: (name) => {
    const hold = holds.get(name);
    holds.delete(name);
    say({ name, token: hold?.token, said: 'releases', atMs: nowMs() });
    void hold?.release();
  },
};
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [verb = '', name = ''] = line.split(' ');
  commands[verb]?.(name);
});
// Whoever started it is gone.
lines.on('close', () => process.exit());
say({ said: 'ready' });
