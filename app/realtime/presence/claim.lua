-- Gives a name to a holder unless somebody else has it; sweeps a few leases that are over. 1: it is the holder's.
-- KEYS  1 the ends of the leases, a sorted set of names by milliseconds   2 the holders, a hash by name
-- ARGV  1 name  2 holder  3 milliseconds of a lease  4 seconds that the keys outlive the last claim
local ends, holders = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local over = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 16)
if #over > 0 then
  redis.call('ZREM', ends, unpack(over))
  redis.call('HDEL', holders, unpack(over))
end

local holder = redis.call('HGET', holders, ARGV[1])
if holder and holder ~= ARGV[2] then
  local ends_at = redis.call('ZSCORE', ends, ARGV[1])
  if ends_at and tonumber(ends_at) > now then return 0 end
end
redis.call('ZADD', ends, now + ARGV[3], ARGV[1])
redis.call('HSET', holders, ARGV[1], ARGV[2])
redis.call('EXPIRE', ends, ARGV[4])
redis.call('EXPIRE', holders, ARGV[4])
return 1
