-- Begins every script of presence: `now` in milliseconds, by this server's clock.
-- KEYS  1 `ends`, when leases end: a sorted set of names by milliseconds   2 `holders`, a hash by name
local ends, holders = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

