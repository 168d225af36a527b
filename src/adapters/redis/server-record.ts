import { PortcullisError } from '../../core/errors.ts';
import type { RedisCommand } from './redis-connection.ts';
import { replyCode } from './redis-failure.ts';

/** Of the layout of keys and entries. */
const LAYOUT = '1';
/** `XAUTOCLAIM` and exclusive ranges. */
const OLDEST = [6, 2] as const;

/** What a bus finds on the server, and leaves there the first time. */
interface ServerRecord {
  /** As the server says, if it may be asked. */
  readonly version: string | undefined;
  /** Another one means that the server came back without what it had. */
  readonly generation: string;
}

/**
 * Looks whether the server is one that the bus can work with: new enough, its record of our layout, and with as many partitions.
 * What is not on record yet is put there.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for a server that is too old or has another number of partitions on record,
 * `FORMAT_UNSUPPORTED` for a layout of another version
 */
export async function checkServer(
  command: RedisCommand,
  options: {
    readonly metaKey: string;
    readonly topics: readonly string[];
    readonly partitions: number;
    /** Random, for a server that has none. */
    readonly newGeneration: string;
  },
): Promise<ServerRecord> {
  const { metaKey, topics, partitions, newGeneration } = options;
  const version = await versionOf(command);
  const wanted = new Map([
    ['layout', LAYOUT],
    ['generation', newGeneration],
    ...topics.map((topic) => [`partitions:${topic}`, String(partitions)] as const),
  ]);
  let found = await readRecord(command, metaKey);
  const missing = [...wanted].filter(([field]) => !found.has(field));
  if (missing.length > 0) {
    for (const [field, value] of missing) await command(['HSETNX', metaKey, field, value]);
    found = await readRecord(command, metaKey); // another process may have been first
  }
  if (found.get('layout') !== LAYOUT)
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `RedisEventBus: ${metaKey} is of layout ${found.get('layout') ?? ''}, this version knows ${LAYOUT}`,
    );
  for (const topic of topics) {
    const onRecord = found.get(`partitions:${topic}`) ?? '';
    if (onRecord !== String(partitions))
      throw new PortcullisError(
        'OPTION_INVALID',
        `RedisEventBus: partitions: the server has ${onRecord} on record for topic ${topic}, got ${partitions}`,
      );
  }
  return { version, generation: found.get('generation') ?? '' };
}

async function readRecord(command: RedisCommand, key: string): Promise<Map<string, string>> {
  const flat = await command<readonly string[]>(['HGETALL', key]);
  const record = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) record.set(flat[at] ?? '', flat[at + 1] ?? '');
  return record;
}

async function versionOf(command: RedisCommand): Promise<string | undefined> {
  let info: string;
  try {
    info = await command<string>(['INFO', 'server']);
  } catch (error) {
    if (replyCode(error) === 'NOPERM') return undefined; // its commands will tell
    throw error;
  }
  const version = /^redis_version:([\d.]+)/m.exec(info)?.[1];
  if (version === undefined) return undefined;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return version;
  throw new PortcullisError(
    'OPTION_INVALID',
    `RedisEventBus: expected Redis ${OLDEST.join('.')} or newer, the server is ${version}`,
  );
}
