import { RedisScript } from './redis-script.ts';

/**
 * KEYS events; ARGV mode, keepMs or -1, keepEvents or -1, most. What can go of the first entries, up to `most`: with `look` the
 * entries, with `trim` they are removed and counted. An entry can go when it is past one of the two limits and no group has it
 * pending or before it. All is looked at and done in one step, and exactly: `~` would leave up to a node of entries.
 */
export const TRIM = new RedisScript(`
local function parts(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local function before(aMs, aSeq, bMs, bSeq)
  return aMs < bMs or aMs == bMs and aSeq < bSeq
end
local key, keepMs, keepEvents, most = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function nothing()
  if ARGV[1] == 'look' then return {} end
  return 0
end
local length = redis.call('XLEN', key)
if length == 0 then return nothing() end

local floorMs, floorSeq
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local group = {}
  for at = 1, #flat, 2 do group[flat[at]] = flat[at + 1] end
  local ms, seq = parts(group['last-delivered-id'])
  if group['pending'] > 0 then
    ms, seq = parts(redis.call('XPENDING', key, group['name'])[2])
  else
    seq = seq + 1
  end
  if not floorMs or before(ms, seq, floorMs, floorSeq) then floorMs, floorSeq = ms, seq end
end

local time = redis.call('TIME')
local cutoffMs = keepMs >= 0 and time[1] * 1000 + math.floor(time[2] / 1000) - keepMs or -1
local excess = keepEvents >= 0 and length - keepEvents or 0
local entries = redis.call('XRANGE', key, '-', '+', 'COUNT', most)
local count = 0
for at, entry in ipairs(entries) do
  local ms, seq = parts(entry[1])
  if not (ms < cutoffMs or at <= excess) then break end
  if floorMs and not before(ms, seq, floorMs, floorSeq) then break end
  count = at
end
if ARGV[1] == 'look' then
  for at = #entries, count + 1, -1 do entries[at] = nil end
  return entries
end
if count > 0 then redis.call('XTRIM', key, 'MAXLEN', '=', length - count) end
return count`);
