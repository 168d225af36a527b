import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runCommand } from '../../../src/cli/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { type EventBus, deadLetter } from '../../../src/events/index.ts';
import { NOTED, RUNG } from './event-types.ts';

export const CATALOGUE = ['--catalogue', fileURLToPath(new URL('event-types.ts', import.meta.url))];
export const PATIENCE = { timeout: 30_000, interval: 20 };

/** A command on the clock of the machine, with what it has said so far, and what Ctrl-C does. */
export function begin(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const stops: (() => void)[] = [];
  const code = runCommand(args, {
    clock: new SystemClock(),
    version: '1.2.3',
    env,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    onInterrupt: (stop) => {
      stops.push(stop);
      return { [Symbol.dispose]: () => void stops.splice(0) };
    },
  });
  const interrupt = (): void => {
    for (const stop of stops) stop();
  };
  return { out, err, code, interrupt };
}

/** Runs a command to its end. */
export async function events(...args: string[]) {
  const { out, err, code } = begin(['events', ...args, ...CATALOGUE]);
  return { code: await code, out, err };
}

/** The numbers in printed events. */
export const numbersIn = (lines: readonly string[]): number[] =>
  lines.map((line) => (JSON.parse(line) as { readonly data: { readonly n: number } }).data.n);

/** Notes and a ring, in order. */
export async function publishNotes(bus: EventBus, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 1) await bus.publish(NOTED, { n });
}
export const ring = (bus: EventBus, n: number) => bus.publish(RUNG, { n });

/** A group that has refused the first notes and is gone. */
export async function refuseNotes(
  bus: EventBus,
  group: string,
  count: number,
  why = 'illegible',
): Promise<void> {
  const refusing = bus.subscribe(group, [NOTED], () => deadLetter(why), { from: 'beginning' });
  await vi.waitFor(async () => {
    if ((await bus.deadLetters.list({ group })).length < count) throw new Error('not yet');
  }, PATIENCE);
  await refusing.stop();
}
