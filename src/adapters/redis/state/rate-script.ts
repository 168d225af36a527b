/**
 * The generic cell rate algorithm over several buckets at once. KEYS: one for each bucket, which holds `<since> <taken>`: when it
 * was last full, in microseconds of the server's time, and the tokens taken since; its theoretical arrival time is
 * `since + taken / refill`. Kept in two parts it gathers no rounding, however many are taken. A key expires when its bucket is
 * full again. ARGV: capacity, refill per second and cost of each.
 *
 * Returns `allowed`, `wait <ms>`, `never`; nothing is taken but with the first.
 */
export const RATE_LUA = `
local time = redis.call('TIME')
local nowUs = tonumber(time[1]) * 1000000 + tonumber(time[2])
local waitUs = 0
local after = {}
for at, key in ipairs(KEYS) do
  local capacity = tonumber(ARGV[3 * at - 2])
  local refill = tonumber(ARGV[3 * at - 1])
  local cost = tonumber(ARGV[3 * at])
  if cost > capacity then return { 'never' } end
  local sinceUs, taken = nowUs, 0
  local sinceText, takenText = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
  if sinceText then
    local fullInUs = tonumber(takenText) * 1000000 / refill - (nowUs - tonumber(sinceText))
    if fullInUs * refill > capacity * 1000000 then
      taken = capacity -- more than can have been taken: the clock was set back, or the bucket was larger
    elseif fullInUs > 0 then
      sinceUs, taken = tonumber(sinceText), tonumber(takenText)
    end
  end
  local leftUs = (taken + cost - capacity) * 1000000 / refill - (nowUs - sinceUs)
  if leftUs > waitUs then waitUs = leftUs end
  if cost > 0 then
    local ttlMs = math.ceil(((taken + cost) * 1000000 / refill - (nowUs - sinceUs)) / 1000) + 1
    after[#after + 1] = { key, string.format('%.0f %.17g', sinceUs, taken + cost), string.format('%.0f', ttlMs) }
  end
end
if waitUs > 0 then return { 'wait', string.format('%.3f', math.ceil(waitUs) / 1000) } end
for _, write in ipairs(after) do redis.call('SET', write[1], write[2], 'PX', write[3]) end
return { 'allowed' }
`;
