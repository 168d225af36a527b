import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a process has ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started at all. */
  readonly error?: string;
}

/** A process that has been started. */
export interface Spawned {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly ended: Promise<ChildEnd>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What is started: Node, with these arguments, in an environment. */
export interface SpawnOrder {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets each line that it writes. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void;
}

/** Starts a process. Never throws. */
export type Spawn = (order: SpawnOrder) => Spawned;

/** Makes a child watch its parent, whatever program it is. */
const WATCH = new URL('watch-parent.ts', import.meta.url).href;

/**
 * Starts Node in a process group of its own, so that Ctrl-C reaches the supervisor alone, which stops in order. The channel
 * between the two carries nothing: it breaks when the supervisor ends, however that is, and the child hears it.
 */
export const spawnNode: Spawn = ({ args, env, onLine }) => {
  const child = spawn(process.execPath, ['--import', WATCH, ...args], {
    detached: true,
    env: { ...process.env, PORT: undefined, ...env }, // one port for all of them would be none
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { promise: ended, resolve } = Promise.withResolvers<ChildEnd>();
  child.once('exit', (code, signal) => {
    resolve({ code, signal });
  });
  child.on('error', ({ message }) => {
    if (child.pid === undefined) resolve({ code: null, signal: null, error: message });
  });
  for (const from of ['stdout', 'stderr'] as const) {
    const input = child[from];
    if (input === null) continue; // it could not be started
    input.on('error', () => undefined); // of a pipe that breaks nothing is left to read
    createInterface({ input }).on('line', (line) => {
      onLine(line, from);
    });
  }
  return {
    pid: child.pid,
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
  };
};
