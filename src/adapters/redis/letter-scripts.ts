import { RedisScript } from './redis-script.ts';
import { SmallScript } from './small-script.ts';
import { STREAM_LUA } from './stream-lua.ts';

/**
 * KEYS dead; ARGV where to begin, group or nothing for all. Letters from there on, as many as there are in 256 or about 1 MB of
 * them, and where to go on, which is nothing at the end.
 */
export const LETTERS = new RedisScript(`${STREAM_LUA}
local found, last = {}, ''
local isEnd = walk(KEYS[1], ARGV[1], 256, 1000000, function(entry)
  last = '(' .. entry[1]
  if ARGV[2] == '' or map(entry[2]).g == ARGV[2] then found[#found + 1] = entry end
end)
return {found, isEnd and '' or last}`);

/** KEYS dead, dead counts, events; ARGV ids of letters. Puts their events behind the newest, each for its group only; the ids found. */
export const REQUEUE_LETTERS = new RedisScript(`${STREAM_LUA}
local done = {}
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    local letter = map(entry[2])
    redis.call('XADD', KEYS[3], '*', 'e', letter.e, 'r', letter.g)
    redis.call('XDEL', KEYS[1], id)
    redis.call('HINCRBY', KEYS[2], letter.g, -1)
    done[#done + 1] = id
  end
end
return done`);

/** KEYS dead, dead counts; ARGV ids of letters. The ids found. */
export const REMOVE_LETTERS = new SmallScript(`${STREAM_LUA}
local done = {}
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    redis.call('XDEL', KEYS[1], id)
    redis.call('HINCRBY', KEYS[2], map(entry[2]).g, -1)
    done[#done + 1] = id
  end
end
return done`);
