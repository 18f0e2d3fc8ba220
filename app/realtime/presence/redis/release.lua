-- Frees names, each only from its own holder.
-- KEYS  see clock.lua and turn.lua        ARGV  from 2 on: name, holder, name, holder, …
local freed = {}
for i = 2, #ARGV, 2 do
  if redis.call('HGET', holders, ARGV[i]) == ARGV[i + 1] then freed[#freed + 1] = ARGV[i] end
end
if #freed > 0 then
  redis.call('ZREM', ends, unpack(freed))
  redis.call('HDEL', holders, unpack(freed))
end
return #freed
