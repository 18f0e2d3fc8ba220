-- Begins the scripts that send: to whoever subscribed to the channel, on any server.
local function send(channel, message) return redis.call('PUBLISH', channel, message) end

local function listeners(channel) return redis.call('PUBSUB', 'NUMSUB', channel)[2] end

