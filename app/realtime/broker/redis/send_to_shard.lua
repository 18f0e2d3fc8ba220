-- The same in a cluster: workers subscribe at the node that owns the channel's slot, so that no other node has to
-- get the message. A server without shard channels (before Redis 7) sends it to all nodes.
local function send(channel, message)
  local heard = redis.pcall('SPUBLISH', channel, message)
  if type(heard) == 'number' then return heard end
  if string.find(heard.err, 'nknown') then return redis.call('PUBLISH', channel, message) end
  return error(heard.err)
end

local function listeners(channel)
  local found = redis.pcall('PUBSUB', 'SHARDNUMSUB', channel)
  if found.err or found[2] == 0 then found = redis.call('PUBSUB', 'NUMSUB', channel) end
  return found[2]
end

