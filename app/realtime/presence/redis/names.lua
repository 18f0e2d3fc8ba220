-- Names whose leases are not over yet, those that end first coming first.
-- KEYS  see clock.lua        ARGV  1 how many at most
return redis.call('ZRANGEBYSCORE', ends, string.format('(%.0f', now), '+inf', 'LIMIT', 0, ARGV[1])
