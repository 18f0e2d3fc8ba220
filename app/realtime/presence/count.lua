-- How many leases are not over yet.
-- KEYS  1 the ends of the leases (see claim.lua)
local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), '+inf')
