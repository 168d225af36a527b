/**
 * The generic cell rate algorithm over several buckets at once. KEYS: one for each bucket, which holds
 * `<since> <taken> <last> <refill>`: when it was last full, in microseconds of the server's time, the tokens taken since, when
 * the last of them were taken, and the refill per second until then. Its theoretical arrival time is `since + taken / refill`. Kept in
 * parts it gathers no rounding, however many are taken. A key expires when its bucket is full again. ARGV: capacity, refill
 * per second and cost of each.
 *
 * With another refill than before, and under a clock that is before `last` and so was set back, a bucket has what it had when
 * tokens were last taken, and fills from there. After a clock was set back that is noted also where nothing is taken:
 * otherwise each call would begin anew.
 *
 * Returns `allowed`, `wait <ms>`, `never`; nothing is taken but with the first.
 */
export const RATE_LUA = `
local time = redis.call('TIME')
local nowUs = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function keep(key, sinceUs, taken, refill)
  local ttlMs = math.ceil((taken * 1000000 / refill - (nowUs - sinceUs)) / 1000) + 1
  local text = string.format('%.0f %.17g %.0f %.17g', sinceUs, taken, nowUs, refill)
  redis.call('SET', key, text, 'PX', string.format('%.0f', ttlMs))
end

local waitUs = 0
local after = {}
for at, key in ipairs(KEYS) do
  local capacity = tonumber(ARGV[3 * at - 2])
  local refill = tonumber(ARGV[3 * at - 1])
  local cost = tonumber(ARGV[3 * at])
  if cost > capacity then return { 'never' } end
  local sinceUs, taken = nowUs, 0
  local kept = { string.match(redis.call('GET', key) or '', '^(%S+) (%S+) (%S+) (%S+)$') }
  if kept[1] then
    local lastUs, lastRefill = tonumber(kept[3]), tonumber(kept[4])
    sinceUs, taken = tonumber(kept[1]), tonumber(kept[2])
    if lastUs > nowUs or lastRefill ~= refill then
      taken = math.max(0, taken - (lastUs - sinceUs) * lastRefill / 1000000)
      sinceUs = math.min(lastUs, nowUs)
      if lastUs > nowUs and taken > 0 then keep(key, sinceUs, taken, refill) end
    end
    if taken * 1000000 / refill <= nowUs - sinceUs then sinceUs, taken = nowUs, 0 end
  end
  local leftUs = (taken + cost - capacity) * 1000000 / refill - (nowUs - sinceUs)
  if leftUs > waitUs then waitUs = leftUs end
  if cost > 0 then after[#after + 1] = { key, sinceUs, taken + cost, refill } end
end
if waitUs > 0 then return { 'wait', string.format('%.3f', math.ceil(waitUs) / 1000) } end
for _, level in ipairs(after) do keep(unpack(level)) end
return { 'allowed' }
`;
