-- Prolongs leases, and claims anew those that are lost or over. For each: 1, or 0 when somebody else has it.
-- KEYS  1 the ends of the leases   2 the holders (see claim.lua)
-- ARGV  1 milliseconds of a lease  2 seconds that the keys outlive it  then name, holder, name, holder, …
local ends, holders = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends_at = now + ARGV[1]

local names = {}
for i = 3, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local present = redis.call('HMGET', holders, unpack(names))

local verdicts, prolonged, claimed = {}, {}, {}
for i, name in ipairs(names) do
  local mine = ARGV[2 + i * 2]
  local is_free = false
  if present[i] ~= mine then
    local until_then = present[i] and redis.call('ZSCORE', ends, name)
    is_free = not until_then or tonumber(until_then) <= now
    if is_free then
      claimed[#claimed + 1] = name
      claimed[#claimed + 1] = mine
    end
  end
  verdicts[i] = (is_free or present[i] == mine) and 1 or 0
  if verdicts[i] == 1 then
    prolonged[#prolonged + 1] = ends_at
    prolonged[#prolonged + 1] = name
  end
end
if #prolonged > 0 then
  redis.call('ZADD', ends, unpack(prolonged))
  redis.call('EXPIRE', ends, ARGV[2])
  redis.call('EXPIRE', holders, ARGV[2])
end
if #claimed > 0 then
  redis.call('HSET', holders, unpack(claimed))
  redis.call('EXPIRE', holders, ARGV[2])
end
return verdicts
