-- Drops the history and the position of a topic, and tells no worker.
-- KEYS  1 the history   2 the position
return redis.call('DEL', KEYS[1], KEYS[2])
