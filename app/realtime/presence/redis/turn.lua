-- Begins every script that writes: the calls of a worker count in the order in which they were made. What a
-- connection that was given up delivers late is refused, else a claim could follow its own release.
-- KEYS  3 the number of the worker's last call        ARGV  1 the number of this one
local last = redis.call('GET', KEYS[3])
if last and tonumber(last) > tonumber(ARGV[1]) then
  return redis.error_reply('LATE a later call of this worker was carried out already')
end
redis.call('SET', KEYS[3], ARGV[1], 'EX', 3600)

