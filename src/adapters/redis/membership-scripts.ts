import { RedisScript } from './redis-script.ts';

const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS members; ARGV member, after how many ms without a heartbeat one is gone. Those that are there, by name. */
export const BEAT = new RedisScript(`${NOW}
local isNew = redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 10)
return {isNew, redis.call('ZRANGE', KEYS[1], 0, -1)}`);

/** KEYS members; ARGV as above, without the name. Those that are there. */
export const LIVE = new RedisScript(`${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[1], '+inf')`);
