import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { rm } from 'node:fs/promises';
import type { AuditEvent, AuditTrail } from '../../../src/audit/index.ts';
import { ManualClock } from '../../../src/core/index.ts';
import type { FlagDefinition } from '../../../src/service/index.ts';
import { FileFlagProvider, type FileFlagProviderOptions } from '../../../src/service/index.ts';
import type { Logger } from '../../../src/telemetry/index.ts';
import type { LogFs } from '../../../src/storage/index.ts';

/** An audit log that keeps its events in a list, or refuses them while `down`. */
export class ListedAudit implements AuditTrail {
  readonly events: AuditEvent[] = [];
  down = false;

  record(event: AuditEvent): Promise<void> {
    if (this.down) return Promise.reject(new Error('no room'));
    this.events.push(structuredClone(event));
    return Promise.resolve();
  }
}

/** A logger whose lines a test reads: `level message`. */
export function listedLogger(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  const method =
    (level: string) =>
    (...args: unknown[]): void => {
      lines.push(`${level} ${String(args.at(-1))}`);
    };
  const logger: Logger = {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: () => logger,
    flush: () => {},
  };
  return { lines, logger };
}

export const ON: FlagDefinition = { type: 'boolean', default: true };
export const OFF: FlagDefinition = { type: 'boolean', default: false };

export const fileText = (flags: Readonly<Record<string, unknown>>): string => JSON.stringify({ flags });

export async function privateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'flags-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface FileWorld {
  readonly clock: ManualClock;
  readonly audit: ListedAudit;
  readonly provider: FileFlagProvider;
  readonly lines: readonly string[];
  readonly path: string;
  write(flags: Readonly<Record<string, unknown>>): Promise<void>;
  writeText(text: string): Promise<void>;
}

/** A provider over a file of its own, not yet initialised. */
export async function fileWorld(
  flags: Readonly<Record<string, unknown>>,
  { fs, ...options }: Omit<FileFlagProviderOptions, 'path'> & { readonly fs?: LogFs } = {},
): Promise<FileWorld> {
  const path = join(await privateDirectory(), 'flags.json');
  const clock = new ManualClock(Date.parse('2026-03-01T00:00:00Z'));
  const audit = new ListedAudit();
  const { lines, logger } = listedLogger();
  const provider = new FileFlagProvider(
    { path, ...options },
    { clock, audit, logger, ...(fs === undefined ? {} : { fs }) },
  );
  onTestFinished(() => provider.onClose());
  const writeText = (text: string): Promise<void> => writeFile(path, text);
  await writeText(fileText(flags));
  return { clock, audit, provider, lines, path, writeText, write: (next) => writeText(fileText(next)) };
}

/** The same, in use. */
export async function fileInUse(...args: Parameters<typeof fileWorld>): Promise<FileWorld> {
  const world = await fileWorld(...args);
  await world.provider.initialize();
  return world;
}
