import { RedisScript } from './redis-script.ts';
import { SmallScript } from './small-script.ts';
import { STREAM_LUA } from './stream-lua.ts';

/**
 * Where a group stands in a stream, without its events wherever that can be: at either end of the stream, and where the server has a
 * figure. Else they are counted when `bound` is above 0, up to so many or 1 MB of them, past which nothing is said. Where more is missing
 * than there is, somebody has removed events that the group was not given: `missing`.
 */
const STANDING = `${STREAM_LUA}
local function behindOf(key, group, stream, bound)
  local last, first, newest = group['last-delivered-id'], stream['first-entry'], stream['last-entry']
  if not first or not before(last, newest[1]) then return 0, true end
  if before(last, first[1]) then return stream['length'], true end
  if group['lag'] then return group['lag'], false end
  local count = 0
  if bound > 0 and walk(key, '(' .. last, bound + 1, 1000000, function() count = count + 1 end) then return count, true end
  return -1, false
end
local function standing(key, group, stream, bound)
  local behind, isCounted = behindOf(key, group, stream, bound)
  if not isCounted then return behind, 0 end
  local last, missing = group['last-delivered-id'], 0
  local read, added = group['entries-read'], stream['entries-added']
  if added and read then missing = math.max(0, added - read - behind)
  elseif before(last, stream['max-deleted-entry-id'] or '0-0') then missing = 1 end
  return behind, missing, added and (missing > 0 or not read) and added - behind
end
`;

/** KEYS owner, events; ARGV token, group, bound. `[lag or -1, pending, missing, length]`; `missing` is said once. */
export const SAMPLE = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'LOST' end
${STANDING}
local stream = map(redis.call('XINFO', 'STREAM', KEYS[2]))
for _, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
  local group = map(each)
  if group['name'] == ARGV[2] then
    local lag, missing, read = standing(KEYS[2], group, stream, tonumber(ARGV[3]))
    if read then
      redis.pcall('XGROUP', 'SETID', KEYS[2], ARGV[2], group['last-delivered-id'], 'ENTRIESREAD', read)
    end
    return {lag, group['pending'], missing, stream['length']}
  end
end
return redis.error_reply('NOGROUP no such group')`);

/** KEYS events; nothing is counted. `[[group, lag or -1, pending, the last entry that it was given], ...]`. */
export const STANDINGS = new RedisScript(`
${STANDING}
local found = {}
if redis.call('EXISTS', KEYS[1]) == 1 then
  local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
  for at, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = map(each)
    found[at] = {group['name'], (behindOf(KEYS[1], group, stream, 0)), group['pending'], group['last-delivered-id']}
  end
end
return found`);

/** KEYS events; ARGV id, bound. How many entries are behind it; -1 past the bound, or 1 MB of them. */
export const COUNT_BEHIND = new RedisScript(`
${STREAM_LUA}
local count = 0
if walk(KEYS[1], '(' .. ARGV[1], tonumber(ARGV[2]) + 1, 1000000, function() count = count + 1 end) then return count end
return -1`);

/** KEYS events; ARGV group, the last entry that it does not get. Refused with `BUSYGROUP` where it is there. */
export const MAKE_GROUP = new SmallScript(`
return redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[2], 'MKSTREAM')`);
