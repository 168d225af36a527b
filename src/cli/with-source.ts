import type { CommandIo } from './command.ts';
import { directorySource } from './directory-source.ts';
import type { SourceOptions } from './events-options.ts';
import type { Access, EventSource } from './events-source.ts';
import { inDirectory } from './in-directory.ts';
import { redisSource } from './redis-source.ts';
import { serviceSource } from './service-source.ts';

/** Opens the bus that the operand names, runs, and closes it. */
export async function withSource<T>(
  options: SourceOptions,
  access: Access,
  io: CommandIo,
  run: (source: EventSource) => Promise<T>,
): Promise<T> {
  const { source } = options;
  if (/^rediss?:\/\//.test(source)) return closing(await redisSource(options, io), run);
  if (/^https?:\/\//.test(source)) return closing(serviceSource(options, io), run);
  return inDirectory(source, io, async (directory) =>
    closing(await directorySource(directory, options, access, io), run),
  );
}

async function closing<T>(source: EventSource, run: (source: EventSource) => Promise<T>): Promise<T> {
  try {
    return await run(source);
  } finally {
    await source.close();
  }
}
