import { RedisScript } from './redis-script.ts';
import { SmallScript } from './small-script.ts';

const FIELDS = `
local function fields(entry)
  local found = {}
  for at = 1, #entry[2], 2 do found[entry[2][at]] = entry[2][at + 1] end
  return found
end
`;

/** KEYS dead, dead counts, events; ARGV ids of letters. Puts their events behind the newest, each for its group only; the ids found. */
export const REQUEUE_LETTERS = new RedisScript(`${FIELDS}
local done = {}
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    local letter = fields(entry)
    redis.call('XADD', KEYS[3], '*', 'e', letter.e, 'r', letter.g)
    redis.call('XDEL', KEYS[1], id)
    redis.call('HINCRBY', KEYS[2], letter.g, -1)
    done[#done + 1] = id
  end
end
return done`);

/** KEYS dead, dead counts; ARGV ids of letters. The ids found. */
export const REMOVE_LETTERS = new SmallScript(`${FIELDS}
local done = {}
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    redis.call('XDEL', KEYS[1], id)
    redis.call('HINCRBY', KEYS[2], fields(entry).g, -1)
    done[#done + 1] = id
  end
end
return done`);
