-- Begins the scripts that number or read events: the topic's `epoch` and the number of its last event, `top`.
-- An epoch is one server's. Another one, say a replica that took over, may lack the newest events: it goes on
-- with the numbers that it knows, under an epoch of its own that succeeds the one `before` it, at `until`.
-- KEYS  1 the history, a stream whose entry ids are <offset>-<milliseconds>   2 the position, a hash
-- ARGV  1 an epoch, should one begin                                          the last: the server's id
local history, position = KEYS[1], KEYS[2]
local found = redis.call('HMGET', position, 'epoch', 'offset', 'server')
local epoch, top, server = found[1], tonumber(found[2]), ARGV[#ARGV]
if not epoch then
  epoch, top = ARGV[1], 0
  redis.call('HSET', position, 'epoch', epoch, 'offset', 0, 'bytes', 0, 'server', server)
  redis.call('DEL', history)
elseif found[3] ~= server then
  redis.call('HSET', position, 'epoch', ARGV[1], 'server', server, 'before', epoch, 'until', top)
  epoch = ARGV[1]
end

