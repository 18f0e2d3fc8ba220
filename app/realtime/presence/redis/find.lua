-- The holder of each name, or nil.
-- KEYS  see clock.lua        ARGV  names
local found = redis.call('HMGET', holders, unpack(ARGV))
for i, name in ipairs(ARGV) do
  local ends_at = found[i] and redis.call('ZSCORE', ends, name)
  if not ends_at or tonumber(ends_at) <= now then found[i] = false end
end
return found
