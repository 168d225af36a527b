import { RedisScript } from './redis-script.ts';
import { STREAM_LUA } from './stream-lua.ts';

/** Up to which entry all groups have everything behind them: the first that one of them has pending or was not given. */
const FLOOR = `${STREAM_LUA}
local function floorOf(key)
  local floor
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local group = map(flat)
    local first = group['pending'] > 0 and redis.call('XPENDING', key, group['name'])[2] or next(group['last-delivered-id'])
    if not floor or before(first, floor) then floor = first end
  end
  return floor
end
local function cutoffOf(keepMs)
  if keepMs < 0 then return nil end
  local time = redis.call('TIME')
  local ms = time[1] * 1000 + math.floor(time[2] / 1000) - keepMs
  return ms > 0 and string.format('%.0f-0', ms) or nil
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'LOST' end
if redis.call('EXISTS', KEYS[2]) == 0 then return {} end
`;

/**
 * KEYS lease, events; ARGV token, keepMs or -1, keepEvents or -1, most, most bytes. The first entries that are past one of the limits
 * and behind every group, oldest first. Nothing is removed.
 */
export const REMOVABLE = new RedisScript(`${FLOOR}
local floor, cutoff = floorOf(KEYS[2]), cutoffOf(tonumber(ARGV[2]))
local keepEvents = tonumber(ARGV[3])
local excess = keepEvents < 0 and 0 or redis.call('XLEN', KEYS[2]) - keepEvents
local found = {}
walk(KEYS[2], '-', tonumber(ARGV[4]), tonumber(ARGV[5]), function(entry)
  local isPast = #found < excess or cutoff and before(entry[1], cutoff)
  if not isPast or floor and not before(entry[1], floor) then return false end
  found[#found + 1] = entry
end)
return found`);

/**
 * KEYS lease, events; ARGV token, most, up to which entry, or keepMs or -1 with keepEvents or -1. Removes what is behind every group
 * and is not behind the entry, or is past one of the limits; `[how many, 1 if there may be more]`. By age the server removes whole
 * nodes of its stream and looks at nothing in them. How many are too many cannot be asked for by id, so these are walked over.
 */
export const TRIM = new RedisScript(`${FLOOR}
local key, most = KEYS[2], tonumber(ARGV[2])
local floor = floorOf(key)
local function removeBefore(id)
  if floor and before(floor, id) then id = floor end
  local removed = redis.call('XTRIM', key, 'MINID', '~', id, 'LIMIT', most)
  if removed > 0 then return {removed, 1} end
  return {redis.call('XTRIM', key, 'MINID', '=', id), 0}
end
if not ARGV[4] then return removeBefore(next(ARGV[3])) end

local cutoff, keepEvents = cutoffOf(tonumber(ARGV[3])), tonumber(ARGV[4])
if cutoff then
  local byAge = removeBefore(cutoff)
  if byAge[2] == 1 or keepEvents < 0 then return byAge end
end
local length = redis.call('XLEN', key)
local excess, count = length - keepEvents, 0
if keepEvents < 0 or excess <= 0 then return {0, 0} end
local step = math.min(excess, 200)
walk(key, '-', step, 200000, function(entry)
  if floor and not before(entry[1], floor) then return false end
  count = count + 1
end)
if count > 0 then redis.call('XTRIM', key, 'MAXLEN', '=', length - count) end
return {count, count > 0 and count < excess and 1 or 0}`);
