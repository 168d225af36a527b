import { RedisScript } from '../redis-script.ts';
import { SmallScript } from '../small-script.ts';

/**
 * Where a state store lies on the server. What is in braces keeps its keys together in a cluster.
 *
 * - `values`: hash by key, `<version> <expiry or -> <JSON>`; the expiry in ms of the server's wall time.
 * - `index`: sorted set of all keys, all of score 0, which puts them in the order of their bytes.
 * - `expiry`: sorted set of the keys that expire, by when.
 * - `version`: the last that was given.
 */
export function stateKeys(prefix: string, name: string): readonly [string, string, string, string] {
  const at = `{${prefix}:state:${name}}`;
  return [`${at}:values`, `${at}:index`, `${at}:expiry`, `${at}:version`];
}

/** KEYS as `stateKeys` has them. `nowUs` is the server's wall time. */
const COMMON = `
local values, index, expiry, counter = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local nowUs = tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowMs = math.floor(nowUs / 1000)

local function living(text)
  if not text then return nil end
  local version, expires = string.match(text, '^(%d+) (%S+) ')
  if expires ~= '-' and tonumber(expires) <= nowMs then return nil end
  return version
end
`;

/** ARGV[1]: the latest time of the server, ms, at which a write that was sent may still be done. */
const WRITING = `${COMMON}
if nowMs > tonumber(ARGV[1]) then return { 'late' } end

local function remove(key)
  redis.call('HDEL', values, key)
  redis.call('ZREM', index, key)
  redis.call('ZREM', expiry, key)
end

local function purge()
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', nowMs, 'LIMIT', 0, 100)) do remove(key) end
end

-- Takes so many, and gives the first of them.
local function nextVersions(count)
  local last = tonumber(redis.call('GET', counter) or '0')
  local first = math.max(last + 1, nowUs)
  redis.call('SET', counter, string.format('%.0f', first + count - 1))
  return first
end

local function put(key, version, expires, text)
  redis.call('HSET', values, key, version .. ' ' .. expires .. ' ' .. text)
  redis.call('ZADD', index, 0, key)
  if expires == '-' then redis.call('ZREM', expiry, key) else redis.call('ZADD', expiry, expires, key) end
end
`;

/** ARGV: latest, key, JSON, time to live in ms or empty, expected version or empty. `written <version>`, `conflict <version>`, `late`. */
export const SET = new RedisScript(`${WRITING}
local key = ARGV[2]
local found = living(redis.call('HGET', values, key)) or '0'
if ARGV[5] ~= '' and ARGV[5] ~= found then return { 'conflict', found } end
local version = string.format('%.0f', nextVersions(1))
local expires = '-'
if ARGV[4] ~= '' then expires = string.format('%.17g', nowMs + tonumber(ARGV[4])) end
put(key, version, expires, ARGV[3])
purge()
return { 'written', version }
`);

/** ARGV: latest, then key and JSON of each. `written`, `late`. What is written goes to its places 1,000 at a time. */
export const SET_ALL = new RedisScript(`${WRITING}
local version = nextVersions((#ARGV - 1) / 2)
for from = 2, #ARGV, 2000 do
  local texts, scored, keys = {}, {}, {}
  for at = from, math.min(from + 1998, #ARGV - 1), 2 do
    local key = ARGV[at]
    keys[#keys + 1] = key
    scored[#scored + 1] = 0
    scored[#scored + 1] = key
    texts[#texts + 1] = key
    texts[#texts + 1] = string.format('%.0f - ', version) .. ARGV[at + 1]
    version = version + 1
  end
  redis.call('HSET', values, unpack(texts))
  redis.call('ZADD', index, unpack(scored))
  redis.call('ZREM', expiry, unpack(keys))
end
purge()
return { 'written' }
`);

/** ARGV: latest, key, expected version or empty. `deleted`, `absent`, `conflict <version>`, `late`. */
export const DELETE = new SmallScript(`${WRITING}
local found = living(redis.call('HGET', values, ARGV[2]))
if not found then return { 'absent' } end
if ARGV[3] ~= '' and ARGV[3] ~= found then return { 'conflict', found } end
remove(ARGV[2])
purge()
return { 'deleted' }
`);

/** ARGV: key. Its text, or nil. Not said to be without writes, so that a server that has become a replica refuses it. */
export const GET = new SmallScript(`${COMMON}
local text = redis.call('HGET', values, ARGV[1])
return living(text) and text or nil
`);

/** Keys that one call of LIST looks at. */
const PAGE_KEYS = 1_000;
/** After so many characters of text it goes no further. */
const PAGE_LENGTH = 1024 * 1024;

/**
 * One page. ARGV: prefix, and the key after which it begins or empty. The last key that was looked at, or empty when there is
 * none after it; then keys and texts by turns, in the order of keys.
 */
export const LIST = new SmallScript(`${COMMON}
local from = ARGV[2] == '' and '[' .. ARGV[1] or '(' .. ARGV[2]
local keys = redis.call('ZRANGEBYLEX', index, from, '(' .. ARGV[1] .. '\\127', 'LIMIT', 0, ${PAGE_KEYS})
local page = { #keys == ${PAGE_KEYS} and keys[#keys] or '' }
local length = 0
for at, key in ipairs(keys) do
  local text = redis.call('HGET', values, key)
  if living(text) then
    page[#page + 1] = key
    page[#page + 1] = text
    length = length + #text
  end
  if length >= ${PAGE_LENGTH} then
    page[1] = key
    break
  end
end
return page
`);
