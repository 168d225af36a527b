import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BusEvent, ORDER_EXECUTED } from 'portcullis/events';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../storage/support/temporary.ts';
import { openRelayedDesk } from './support/relayed-desk.ts';

const TRADER = fileURLToPath(new URL('journal-relay-trader.ts', import.meta.url));

/** Lets a process trade until so many orders have been answered, then kills it without warning; what it said. */
async function tradeAndKill(directory: string, life: number, orders: number): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', TRADER, directory, String(life)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let told = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    told += chunk.toString();
    if (told.split('\n').length > orders && !child.killed) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return told.trimEnd().split('\n');
}

test('a desk that is killed while it trades: after the last start the bus has every fill of the journal once, in order', async () => {
  const directory = await temporaryDirectory();
  const said: string[] = [];
  for (const [life, orders] of [40, 3, 75, 20].entries())
    said.push(...(await tradeAndKill(directory, life, orders)));
  expect(said.filter((line) => line === 'accepted').length).toBeGreaterThan(100);

  const { log, bus, relay, clock, close } = await openRelayedDesk(directory);
  while (relay.status().lag > 0) await clock.sleep(5);
  expect(relay.status()).toMatchObject({ lost: 0 });
  const fills: string[] = [];
  for await (const { seq, record } of log.read()) {
    const { type, executionId } = record as { type: string; executionId: string };
    if (type === 'filled') fills.push(`${seq} ${executionId}`);
  }
  const executed: BusEvent[] = [];
  const replay = bus.replay([ORDER_EXECUTED], (event) => void executed.push(event), { from: 'beginning' });
  expect(await replay.done).toMatchObject({ failed: 0, complete: true });
  await close();

  expect(fills.length).toBeGreaterThan(80);
  expect(
    executed.map(
      ({ id, data }) =>
        `${id.replace(/^journal-(\d+)-.*$/, '$1')} ${(data as { executionId: string }).executionId}`,
    ),
  ).toEqual(fills);
  expect(new Set(executed.map(({ source, id }) => `${source} ${id}`)).size).toBe(fills.length);
});
