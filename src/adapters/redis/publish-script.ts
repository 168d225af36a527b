import { createHash } from 'node:crypto';

/**
 * Appends a batch of one publisher to one partition, each event once however often it is sent.
 *
 * KEYS: stream, key of the publisher, keys of ids that callers gave. ARGV: number of the first event, `1` where nothing of
 * the publisher is under way before it, for how long the publisher and the ids are remembered (ms), `1` where the place of
 * events that were applied before is wanted, how many events; the events; for each id key, which event it is of.
 *
 * What the publisher's key says was applied is left out. A batch behind one that was not applied is refused with `GAP`, or
 * the one before it would be taken for applied. Replies for each event its place in the stream, `dup`, or nothing where it was applied
 * before and its place is not known.
 */
export const PUBLISH_SCRIPT = `
local first, n = tonumber(ARGV[1]), tonumber(ARGV[6])
local last = tonumber(redis.call('GET', KEYS[2]) or '-1')
if ARGV[2] ~= '1' and last < first - 1 then
  return redis.error_reply('GAP expected ' .. (last + 1) .. ', got ' .. first)
end
local idKeys, known, out = {}, nil, {}
for k = 3, #KEYS do idKeys[tonumber(ARGV[4 + n + k])] = KEYS[k] end
for i = 1, n do
  local text, idKey = ARGV[6 + i], idKeys[i]
  if first + i - 1 <= last then
    out[i] = ''
    if ARGV[5] == '1' then
      if idKey then
        local at = redis.call('GET', idKey)
        local entry = at and redis.call('XRANGE', KEYS[1], at, at)[1]
        if entry then out[i] = entry[2][2] == text and at or 'dup' end
      else
        if not known then
          known = {}
          for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 2000)) do
            known[entry[2][2]] = entry[1]
          end
        end
        out[i] = known[text] or ''
      end
    end
  elseif idKey and redis.call('EXISTS', idKey) == 1 then
    out[i] = 'dup'
  else
    local at = redis.call('XADD', KEYS[1], '*', 'e', text)
    out[i] = at
    if idKey then redis.call('SET', idKey, at, 'PX', ARGV[4]) end
  end
end
if first + n - 1 > last then redis.call('SET', KEYS[2], first + n - 1, 'PX', ARGV[3]) end
return out
`;

const DIGEST = createHash('sha1').update(PUBLISH_SCRIPT).digest('hex');

/** One call of the script. */
interface PublishCall {
  readonly streamKey: string;
  readonly publisherKey: string;
  readonly firstSeq: number;
  /** Nothing of the publisher is under way before it. */
  readonly isHead: boolean;
  readonly publisherTtlMs: number;
  readonly dedupeWindowMs: number;
  /** Somebody waits for the places. */
  readonly wantsPlaces: boolean;
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
  call.isHead ? '1' : '0',
  String(call.publisherTtlMs),
  String(call.dedupeWindowMs),
  call.wantsPlaces ? '1' : '0',
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
