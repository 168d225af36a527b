import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { AppendLog } from '../../storage/append-log.ts';
import { type Overflow, overflowSchema } from './overflow-options.ts';
import { type RedisEventBusOptions, redisBusSchema } from './redis-bus-options.ts';
import type { CreateRedisClient } from './redis-client.ts';

/**
 * The options with their defaults, among them those that depend on what the bus is given.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function redisBusSettings(
  options: RedisEventBusOptions,
  deps: { readonly spill?: AppendLog | undefined; readonly createClient?: CreateRedisClient | undefined },
) {
  const settings = parseOptions('RedisEventBus', redisBusSchema, options);
  const policy = deps.spill === undefined ? 'block' : 'spill';
  const overflow: Overflow = settings.overflow ?? overflowSchema.parse({ policy });
  if ((overflow.policy === 'spill') !== (deps.spill !== undefined))
    throw new PortcullisError(
      'OPTION_INVALID',
      `RedisEventBus: overflow.policy: expected spill with a log to spill to and only then, got ${overflow.policy}`,
    );
  if (settings.url === undefined && settings.client === undefined && deps.createClient === undefined)
    throw new PortcullisError('OPTION_INVALID', 'RedisEventBus: expected url, client, or a dep createClient');
  return { ...settings, overflow };
}

export type RedisBusSettings = ReturnType<typeof redisBusSettings>;
