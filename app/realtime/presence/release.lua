-- Frees names, each only from its own holder.
-- KEYS  1 the ends of the leases   2 the holders (see claim.lua)        ARGV  name, holder, name, holder, …
local freed = {}
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then freed[#freed + 1] = ARGV[i] end
end
if #freed > 0 then
  redis.call('ZREM', KEYS[1], unpack(freed))
  redis.call('HDEL', KEYS[2], unpack(freed))
end
return #freed
