import { RedisScript } from './redis-script.ts';
import { SmallScript } from './small-script.ts';

/** The name under which all members of a group read: what is pending belongs to the lease, not to a process. */
export const CONSUMER = 'member';

/**
 * Everything below that begins with it does nothing, and answers `LOST`, unless the caller still has the lease: a process that was
 * frozen past it, or a command that reached the server late, can neither take events nor acknowledge them.
 */
const FENCE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'LOST' end\n`;

export const LOST = 'LOST';

/** KEYS owner, fence; ARGV member, leaseMs. `[1, token]`, or `[0, the token of whoever has it, ms that it is still valid]`. */
export const TAKE = new SmallScript(`
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then
  return {0, held, redis.call('PTTL', KEYS[1])}
end
local token = ARGV[1] .. ' ' .. redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return {1, token}`);

/** KEYS owner; ARGV token, leaseMs. */
export const RENEW = new RedisScript(`${FENCE}redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'OK'`);

/** KEYS owner; ARGV token. */
export const RELEASE = new RedisScript(`${FENCE}redis.call('DEL', KEYS[1])
return 'OK'`);

/**
 * KEYS owner, events; ARGV token, group, consumer, count. Events that the group was not given before, flat, since that is what both
 * ends do fastest: id, text, id, text; the id of one that is for a single group is followed by a blank and its name. When there
 * are none, the id of the newest event.
 *
 * Servers from 7.0 count what a group has read, but before 7.2.4 neither write that to their file nor tell it to their replicas with
 * a read: started again they would know the place of the group and not its count, as if events had been removed before it had
 * them. So the count is set with each read, to what it is; where the server does not know it, to that.
 */
export const READ = new RedisScript(`${FENCE}
local function keepCount()
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
    local group = {}
    for at = 1, #flat, 2 do group[flat[at]] = flat[at + 1] end
    local read = group['entries-read']
    if group['name'] == ARGV[2] and read ~= nil then
      redis.call('XGROUP', 'SETID', KEYS[2], ARGV[2], group['last-delivered-id'], 'ENTRIESREAD', read or -1)
    end
  end
end
local got = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[2], '>')
if not got then
  local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  return newest[1] and newest[1][1] or '0-0'
end
keepCount()
local flat, length = {}, 0
for _, entry in ipairs(got[1][2]) do
  local id, fields, text = entry[1], entry[2], ''
  for at = 1, #fields, 2 do
    if fields[at] == 'e' then text = fields[at + 1]
    elseif fields[at] == 'r' then id = id .. ' ' .. fields[at + 1] end
  end
  flat[length + 1], flat[length + 2], length = id, text, length + 2
end
return flat`);

/** KEYS owner, events; ARGV token, group, begin (exclusive, or -), count. What is pending: `[[id, count, fields or null], ...]`. */
export const PENDING = new RedisScript(`${FENCE}
local pending = redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[3], '+', ARGV[4])
local found = {}
for at, each in ipairs(pending) do
  local entry = redis.call('XRANGE', KEYS[2], each[1], each[1])[1]
  found[at] = {each[1], each[4], entry and entry[2] or false}
end
return found`);

/** KEYS owner, events; ARGV token, group, ids. */
export const ACK = new RedisScript(`${FENCE}
return redis.call('XACK', KEYS[2], ARGV[2], unpack(ARGV, 3))`);

/** KEYS owner, events; ARGV token, group, consumer, then id and how many attempts it has had, again and again. */
export const COUNT_ATTEMPTS = new RedisScript(`${FENCE}
for at = 4, #ARGV, 2 do
  redis.call('XCLAIM', KEYS[2], ARGV[2], ARGV[3], 0, ARGV[at], 'RETRYCOUNT', ARGV[at + 1], 'JUSTID')
end
return 'OK'`);

/**
 * KEYS owner, events, dead, dead counts; ARGV token, group, id, fields of the letter. Writes the letter of an event that is pending, then
 * acknowledges it: where it cannot be written the event stays where it is. Run again after a lost answer it does nothing.
 */
export const BURY = new RedisScript(`${FENCE}
if redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[3], ARGV[3], 1)[1] then
  redis.call('XADD', KEYS[3], '*', unpack(ARGV, 4))
  redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
  redis.pcall('HINCRBY', KEYS[4], ARGV[2], 1)
end
return 'OK'`);
