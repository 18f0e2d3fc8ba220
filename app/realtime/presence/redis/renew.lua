-- Prolongs leases, and claims anew those that are lost or over. For each: 1, or 0 when another holder has it.
-- KEYS  see clock.lua and turn.lua
-- ARGV  2 milliseconds of a lease  3 seconds that the keys outlive it  then name, holder, name, holder, …
local ends_at = now + ARGV[2]
local names = {}
for i = 4, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local present = redis.call('HMGET', holders, unpack(names))

local verdicts, prolonged, claimed = {}, {}, {}
for i, name in ipairs(names) do
  local holder = ARGV[3 + i * 2]
  local is_holders = present[i] == holder
  if not is_holders then
    local others_end = present[i] and redis.call('ZSCORE', ends, name)
    is_holders = not others_end or tonumber(others_end) <= now
    if is_holders then
      claimed[#claimed + 1] = name
      claimed[#claimed + 1] = holder
    end
  end
  verdicts[i] = is_holders and 1 or 0
  if is_holders then
    prolonged[#prolonged + 1] = ends_at
    prolonged[#prolonged + 1] = name
  end
end
if #claimed > 0 then redis.call('HSET', holders, unpack(claimed)) end
if #prolonged > 0 then
  redis.call('ZADD', ends, unpack(prolonged))
  redis.call('EXPIRE', ends, ARGV[3])
  redis.call('EXPIRE', holders, ARGV[3])
end
return verdicts
