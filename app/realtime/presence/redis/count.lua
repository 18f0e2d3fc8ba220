-- How many leases are not over yet.
-- KEYS  see clock.lua
return redis.call('ZCOUNT', ends, string.format('(%.0f', now), '+inf')
