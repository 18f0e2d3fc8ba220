-- Nothing of a brief topic is kept without a listener, or a recent one.
-- KEYS  see epoch.lua        ARGV  1 an epoch, should one begin  2 channel  10 "1" for a brief topic
if ARGV[10] == '1' and redis.call('EXISTS', KEYS[2]) == 0 and listeners(ARGV[2]) == 0 then
  return {ARGV[1], 0}
end

