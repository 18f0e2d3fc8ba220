-- The position of a topic and, where ARGV[2] names an offset, a page of the history that follows it and the epoch
-- that this one succeeds, with the number of the last event that both have.
-- KEYS  see epoch.lua
-- ARGV  2 offset, or ""  3 most events of a page  4 bytes after which a page ends  5 seconds that the position is kept
redis.call('EXPIRE', position, ARGV[5])
if ARGV[2] == '' then
  return {epoch, top}
end

local page, bytes = {}, 0
local next_offset = tonumber(ARGV[2]) + 1
while #page < tonumber(ARGV[3]) * 2 and bytes <= tonumber(ARGV[4]) do
  local entries = redis.call('XRANGE', history, string.format('%.0f-0', next_offset), '+', 'COUNT', 16)
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local offset = tonumber(string.match(entry[1], '^%d+'))
    page[#page + 1] = offset
    page[#page + 1] = entry[2][2]
    bytes = bytes + #entry[2][2]
    next_offset = offset + 1
    if bytes > tonumber(ARGV[4]) then break end
  end
end
local earlier = redis.call('HMGET', position, 'before', 'until')
return {epoch, top, page, earlier[1], earlier[2]}
