import { createHash } from 'node:crypto';

/**
 * Appends a batch of one publisher to one partition, each event once however often it is sent.
 *
 * KEYS: stream, key of the publisher, keys of ids that callers gave. ARGV: number of the first event, the number of the
 * publisher that must have been applied before it (-1: any), for how long the publisher and the ids are remembered (ms), `1` where the place of
 * events that were applied before is wanted, where the publisher's key keeps the places of this batch, how many events; the
 * events; for each id key, which event it is of.
 *
 * What the publisher's key says was applied is left out. A batch behind one that was not applied is refused with `GAP`, or
 * the one before it would be taken for applied; so is one for a server that has forgotten what it confirmed. Replies for each event its place in the stream, `dup`, or nothing where it was applied
 * before and its place is not known.
 *
 * The publisher's key is a hash: `last` the number that was applied last, and under small numbers the places of the last
 * batches, as `<first number> <events> <place of the first>` where one place follows the other, else with all of them, each
 * before a comma. The stream is never searched for them: it may be of any size.
 */
export const PUBLISH_SCRIPT = `
local first, n = tonumber(ARGV[1]), tonumber(ARGV[7])
local last = tonumber(redis.call('HGET', KEYS[2], 'last') or '-1')
if last < tonumber(ARGV[2]) then
  return redis.error_reply('GAP applied up to ' .. last .. ', expected ' .. ARGV[2])
end
local idKeys, out, isRow = {}, {}, true
for k = 3, #KEYS do idKeys[tonumber(ARGV[5 + n + k])] = KEYS[k] end
if first <= last and ARGV[5] == '1' then
  isRow = false
  for _, batch in ipairs(redis.call('HVALS', KEYS[2])) do
    local from, count, places = string.match(batch, '^(%d+) (%d+) (.*)$')
    from, count = tonumber(from or '0'), tonumber(count or '0')
    if from < first + n and from + count > first then
      local ms, seq = string.match(places, '^(%d+)-(%d+)$')
      local i = from - first
      if ms then
        for k = 0, count - 1 do out[i + k + 1] = string.format('%s-%.0f', ms, seq + k) end
      else
        for place in string.gmatch(places, '([^,]*),') do
          i = i + 1
          if place ~= '' then out[i] = place end
        end
      end
    end
  end
end
for i = 1, n do
  local text, idKey = ARGV[7 + i], idKeys[i]
  if first + i - 1 <= last then
    isRow = false
    if not out[i] and idKey and ARGV[5] == '1' then
      local at = redis.call('GET', idKey)
      local entry = at and redis.call('XRANGE', KEYS[1], at, at)[1]
      if entry then out[i] = entry[2][2] == text and at or 'dup' end
    end
    out[i] = out[i] or ''
  elseif idKey and redis.call('EXISTS', idKey) == 1 then
    out[i], isRow = 'dup', false
  else
    local at = redis.call('XADD', KEYS[1], '*', 'e', text)
    out[i] = at
    if idKey then redis.call('SET', idKey, at, 'PX', ARGV[4]) end
  end
end
out[n + 1] = nil
if first + n - 1 > last then
  local places
  if isRow then
    local ms, seq = string.match(out[1], '^(%d+)-(%d+)$')
    local ms2, seq2 = string.match(out[n], '^(%d+)-(%d+)$')
    if ms == ms2 and seq2 - seq == n - 1 and #seq2 < 15 then places = out[1] end
  end
  redis.call('HSET', KEYS[2], 'last', first + n - 1,
    ARGV[6], ARGV[1] .. ' ' .. n .. ' ' .. (places or table.concat(out, ',', 1, n) .. ','))
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return out
`;

const DIGEST = createHash('sha1').update(PUBLISH_SCRIPT).digest('hex');

/** One call of the script. */
interface PublishCall {
  readonly streamKey: string;
  readonly publisherKey: string;
  readonly firstSeq: number;
  /** The number of the publisher that the server must have applied. -1: none, or not known. */
  readonly afterSeq: number;
  readonly publisherTtlMs: number;
  readonly dedupeWindowMs: number;
  /** Somebody waits for the places. */
  readonly wantsPlaces: boolean;
  /** Under which the publisher's key keeps the places, in the stead of those of an older batch. */
  readonly slot: number;
  readonly texts: readonly string[];
  /** Keys of ids that callers gave, with the index of the event in `texts`. */
  readonly idKeys: readonly { readonly key: string; readonly index: number }[];
}

export const publishCommand = (call: PublishCall): readonly string[] => [
  'EVALSHA',
  DIGEST,
  String(2 + call.idKeys.length),
  call.streamKey,
  call.publisherKey,
  ...call.idKeys.map(({ key }) => key),
  String(call.firstSeq),
  String(call.afterSeq),
  String(call.publisherTtlMs),
  String(call.dedupeWindowMs),
  call.wantsPlaces ? '1' : '0',
  String(call.slot),
  String(call.texts.length),
  ...call.texts,
  ...call.idKeys.map(({ index }) => String(index + 1)),
];

/** What became of one event of a batch. */
export type PublishedAt =
  { readonly kind: 'duplicate' } | { readonly kind: 'at'; readonly streamId: string | undefined };

/** Reads the reply; `undefined` where it is not what the script gives. */
export function readPublished(reply: unknown, events: number): readonly PublishedAt[] | undefined {
  if (!Array.isArray(reply) || reply.length !== events) return undefined;
  return (reply as readonly unknown[]).map((each) =>
    each === 'dup'
      ? { kind: 'duplicate' }
      : { kind: 'at', streamId: typeof each === 'string' && each !== '' ? each : undefined },
  );
}
