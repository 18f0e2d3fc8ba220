-- Gives a name to a holder unless another holder has it; sweeps a few leases that are over. 1: it is the holder's.
-- KEYS  see clock.lua and turn.lua
-- ARGV  2 name  3 holder  4 milliseconds of a lease  5 seconds that the keys outlive the last claim
local over = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 16)
if #over > 0 then
  redis.call('ZREM', ends, unpack(over))
  redis.call('HDEL', holders, unpack(over))
end

local holder = redis.call('HGET', holders, ARGV[2])
if holder and holder ~= ARGV[3] then
  local ends_at = redis.call('ZSCORE', ends, ARGV[2])
  if ends_at and tonumber(ends_at) > now then return 0 end
end
redis.call('ZADD', ends, now + ARGV[4], ARGV[2])
redis.call('HSET', holders, ARGV[2], ARGV[3])
redis.call('EXPIRE', ends, ARGV[5])
redis.call('EXPIRE', holders, ARGV[5])
return 1
