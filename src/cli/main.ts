#!/usr/bin/env node
import { SystemClock } from '../core/clock.ts';
import { runCommand } from './run.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  clock: new SystemClock(),
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
});
