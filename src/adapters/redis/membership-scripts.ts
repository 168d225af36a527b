import { SmallScript } from './small-script.ts';

/**
 * Each member is judged by its own `leaseMs`, the last word of its name. A heartbeat from further in the future than that was written
 * before the server's clock was set back: whoever lives writes a new one.
 */
const LIVING = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function living(key)
  local found, gone = {}, {}
  local flat = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for at = 1, #flat, 2 do
    local leaseMs, beat = tonumber(string.match(flat[at], ' (%d+)$')), tonumber(flat[at + 1])
    if leaseMs and beat > now - leaseMs and beat <= now + leaseMs then found[#found + 1] = flat[at]
    else gone[#gone + 1] = flat[at] end
  end
  return found, gone
end
`;

/** KEYS members; ARGV member, its leaseMs. `[1 if it is new, those that are there, by name]`. */
export const BEAT = new SmallScript(`${LIVING}
local isNew = redis.call('ZADD', KEYS[1], now, ARGV[1])
local found, gone = living(KEYS[1])
for _, each in ipairs(gone) do redis.call('ZREM', KEYS[1], each) end
local keepMs = ARGV[2] * 10
if redis.call('PTTL', KEYS[1]) < keepMs then redis.call('PEXPIRE', KEYS[1], keepMs) end
return {isNew, found}`);

/** KEYS members. Those that are there. */
export const LIVE = new SmallScript(`${LIVING}
return (living(KEYS[1]))`);
