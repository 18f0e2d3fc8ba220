-- Drops a topic's history, begins a new epoch and tells every worker.
-- KEYS  1 the history   2 the position        ARGV  1 the new epoch  2 channel  3 seconds to keep it  4 the server's id
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'offset', 0, 'bytes', 0, 'server', ARGV[4])
redis.call('HDEL', KEYS[2], 'before', 'until')
redis.call('EXPIRE', KEYS[2], ARGV[3])
send(ARGV[2], 'r ' .. ARGV[1] .. ' 0 ')
return {ARGV[1], 0}
