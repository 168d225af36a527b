import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { configSchema } from './config.ts';
import { serveExchange } from './server.ts';

const HELP = `usage: node examples/toy-exchange/main.ts --data-dir DIR [options]

An exchange to test against. Says where it listens in one line of JSON, and ends with SIGTERM or Ctrl-C.

  --data-dir DIR        where its log is, and goes on from there
  --port N              where it listens on 127.0.0.1; 0 takes any free port (default 0)
  --seed N              seed of market and faults, a whole number (default 1)
  --latency-ms N        one way, of requests, answers and events (default 0)
  --heartbeat-ms N      between two heartbeats of a stream (default 1000)
  --market-every-ms N   a step of the market each so often; 0: only when asked (default 0)
  --config FILE         instruments, accounts and rate limits, as JSON
  --help                print this`;

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number);

const schema = z.strictObject({
  'data-dir': z.string().min(1),
  port: whole.default(0),
  seed: whole.default(1),
  'latency-ms': whole.default(0),
  'heartbeat-ms': whole.pipe(z.number().min(1)).default(1000),
  'market-every-ms': whole.default(0),
  config: z.string().optional(),
});

const EXIT_BAD_INPUT = 2;

async function main(): Promise<void> {
  const names = [...Object.keys(schema.shape), 'help'];
  const options = Object.fromEntries(
    names.map((name) => [name, { type: name === 'help' ? 'boolean' : 'string' } as const]),
  );
  const { help, ...values } = parseArgs({ options }).values;
  if (help === true) {
    console.log(HELP);
    return;
  }
  const asked = schema.parse(values);
  const config = configSchema.parse(
    asked.config === undefined ? {} : JSON.parse(readFileSync(asked.config, 'utf8')),
  );
  const server = await serveExchange({
    config,
    dataDir: asked['data-dir'],
    port: asked.port,
    seed: asked.seed,
    latencyMs: asked['latency-ms'],
    heartbeatMs: asked['heartbeat-ms'],
    marketEveryMs: asked['market-every-ms'],
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void server.stop();
    });
  }
  console.log(JSON.stringify({ listening: server.port, pid: process.pid, resumedLines: server.lines }));
}

process.stdout.on('error', () => undefined); // whoever read has left: go on
await main().catch((error: unknown) => {
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : error);
  process.exitCode = EXIT_BAD_INPUT;
});
