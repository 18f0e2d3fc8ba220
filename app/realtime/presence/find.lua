-- The holder of each name, or nil.
-- KEYS  1 the ends of the leases   2 the holders (see claim.lua)        ARGV  names
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('HMGET', KEYS[2], unpack(ARGV))
for i, name in ipairs(ARGV) do
  local ends_at = found[i] and redis.call('ZSCORE', KEYS[1], name)
  if not ends_at or tonumber(ends_at) <= now then found[i] = false end
end
return found
