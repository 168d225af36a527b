#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { SystemClock } from '../core/clock.ts';
import { runCommand } from './run.ts';

// As far below the root as sources and as built.
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

// Whoever reads may have had enough: `portcullis journal show DIR | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommand(process.argv.slice(2), {
  clock: new SystemClock(),
  version,
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
  err: (line) => {
    process.stderr.write(`${line}\n`);
  },
  onInterrupt: (stop) => {
    // Once: who asks a second time means it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    return {
      [Symbol.dispose]: () => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
      },
    };
  },
});
