-- Drops a topic's history, begins a new epoch and tells every worker.
-- KEYS  1 the history   2 the position        ARGV  1 channel  2 the new epoch  3 seconds to keep it
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'epoch', ARGV[2], 'offset', 0, 'bytes', 0)
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[1], 'r ' .. ARGV[2] .. ' 0 ')
return {ARGV[2], 0}
