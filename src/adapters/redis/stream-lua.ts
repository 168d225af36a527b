/** Lua that scripts over streams share. Ids are compared as text, since a double holds no number of 64 bits. */
export const STREAM_LUA = `
local function map(flat)
  local fields = {}
  for at = 1, #flat, 2 do fields[flat[at]] = flat[at + 1] end
  return fields
end
local function order(a, b)
  if #a ~= #b then return #a < #b and -1 or 1 end
  if a == b then return 0 end
  return a < b and -1 or 1
end
local function before(a, b)
  local aMs, aSeq = string.match(a, '(%d+)-(%d+)')
  local bMs, bSeq = string.match(b, '(%d+)-(%d+)')
  local byMs = order(aMs, bMs)
  return byMs < 0 or byMs == 0 and order(aSeq, bSeq) < 0
end
local function plusOne(digits)
  local head, nines = string.match(digits, '^(%d-)(9*)$')
  local zeros = string.rep('0', #nines)
  if head == '' then return '1' .. zeros end
  return string.sub(head, 1, -2) .. (tonumber(string.sub(head, -1)) + 1) .. zeros
end
local function next(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  if seq == '18446744073709551615' then return plusOne(ms) .. '-0' end
  return ms .. '-' .. plusOne(seq)
end
-- Calls see(entry) for entries from first on, up to most of them, until it gives false or about maxBytes have been loaded: few
-- at first and then more, since one entry may be as large as a thousand others. Whether the end of the stream was reached.
local function walk(key, first, most, maxBytes, see)
  local page, bytes, seen = 2, 0, 0
  while seen < most and bytes < maxBytes do
    local asked = math.min(page, most - seen)
    local entries = redis.call('XRANGE', key, first, '+', 'COUNT', asked)
    for _, entry in ipairs(entries) do
      for _, field in ipairs(entry[2]) do bytes = bytes + #field end
      seen = seen + 1
      if see(entry) == false then return false end
      first = '(' .. entry[1]
    end
    if #entries < asked then return true end
    page = math.min(page * 2, 64)
  end
  return false
end
`;
