import { PortcullisError } from '../core/errors.ts';
import { busReading } from './bus-source.ts';
import { catalogueIn } from './catalogue-in.ts';
import type { CommandIo } from './command.ts';
import type { SourceOptions } from './events-options.ts';
import type { EventSource } from './events-source.ts';

/** Only here and only now: `@redis/client` is optional. */
const load = () => import('../adapters/redis/index.ts');

/** Whoever only looks removes nothing: what is kept is for those to say who publish. */
const KEEP_ALL = { keepMs: Number.MAX_SAFE_INTEGER, trimEveryMs: 86_400_000 };

/**
 * The bus on a Redis server. It has no audit log: a change that must be recorded goes through an event service.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when `@redis/client` is not installed; as `RedisEventBus.open`
 */
export async function redisSource(
  { source: url, bus: name, prefix, partitions, catalogue: module }: SourceOptions,
  { clock, err }: Pick<CommandIo, 'clock' | 'err'>,
  loading: () => Promise<Pick<Awaited<ReturnType<typeof load>>, 'RedisEventBus'>> = load,
): Promise<EventSource> {
  const catalogue = await catalogueIn(module);
  const { RedisEventBus } = await loading().catch(explained);
  const options = { url, name, prefix, partitions, ...KEEP_ALL };
  const bus = await RedisEventBus.open(options, { clock, catalogue });
  const reading = busReading(bus);
  return {
    ...reading,
    isLive: true,
    change: (change) => {
      err('events: recorded nowhere: a Redis server has no audit log');
      return reading.change(change);
    },
    close: async () => {
      await bus.close();
    },
  };
}

function explained(cause: unknown): never {
  const { code, message } = { ...(cause as { code?: unknown }), message: String(cause) };
  if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes('@redis/client')) throw cause;
  throw new PortcullisError(
    'FILE_UNREADABLE',
    'events: a bus on Redis needs the package @redis/client: npm install @redis/client',
    { cause },
  );
}
