-- Counts hits in a window that begins with the first of them.
-- KEYS  1 the counter        ARGV  1 hits to add  2 seconds of a window, or -1 to forget them all
-- Returns the hits, and the milliseconds until they are forgotten.
if ARGV[2] == '-1' then redis.call('DEL', KEYS[1]) end
if ARGV[1] == '0' then
  return {tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])}
end
local hits = redis.call('INCRBY', KEYS[1], ARGV[1])
if hits == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {hits, redis.call('PTTL', KEYS[1])}
