import { RedisScript } from './redis-script.ts';

/**
 * Where a group stands in a stream. Events behind what it was given last are counted, up to a bound; past it the server's own figure
 * is taken where it has one and no entry was deleted, else nothing is said. Where more is missing than there is, somebody has
 * removed events that the group was not given: `missing`.
 */
const STANDING = `
local function map(flat)
  local fields = {}
  for at = 1, #flat, 2 do fields[flat[at]] = flat[at + 1] end
  return fields
end
local function newer(a, b)
  local aMs, aSeq = string.match(a, '(%d+)-(%d+)')
  local bMs, bSeq = string.match(b, '(%d+)-(%d+)')
  if tonumber(aMs) ~= tonumber(bMs) then return tonumber(aMs) > tonumber(bMs) end
  return tonumber(aSeq) > tonumber(bSeq)
end
local function standing(key, group, stream, bound, repair)
  local last = group['last-delivered-id']
  local behind = #redis.call('XRANGE', key, '(' .. last, '+', 'COUNT', bound + 1)
  local deleted = stream['max-deleted-entry-id'] or '0-0'
  local lag, missing = -1, 0
  if behind <= bound then
    lag = behind
    local read, added = group['entries-read'], stream['entries-added']
    if added and read then missing = math.max(0, added - read - behind)
    elseif newer(deleted, last) then missing = 1 end
    if repair and added and (missing > 0 or not read) then
      redis.pcall('XGROUP', 'SETID', key, group['name'], last, 'ENTRIESREAD', added - behind)
    end
  elseif group['lag'] and deleted == '0-0' then
    lag = group['lag']
  end
  return lag, missing
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
    local lag, missing = standing(KEYS[2], group, stream, tonumber(ARGV[3]), true)
    return {lag, group['pending'], missing, stream['length']}
  end
end
return redis.error_reply('NOGROUP no such group')`);

/** KEYS events, dead counts; ARGV bound. `[[group, lag or -1, pending, dead letters], ...]`. */
export const STANDINGS = new RedisScript(`
${STANDING}
local dead = map(redis.call('HGETALL', KEYS[2]))
local found = {}
if redis.call('EXISTS', KEYS[1]) == 1 then
  local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
  for at, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = map(each)
    local lag = standing(KEYS[1], group, stream, tonumber(ARGV[1]), false)
    found[at] = {group['name'], lag, group['pending'], tonumber(dead[group['name']] or 0)}
  end
end
return found`);
