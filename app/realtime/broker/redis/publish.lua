-- Numbers an event, appends it to the topic's bounded history, and sends it to every worker.
-- KEYS  see epoch.lua
-- ARGV  2 channel  3 payload  4 key  5 "1" for a retry  6 most events  7 longest age in seconds  8 most bytes
--       9 seconds that the position is kept  10 see brief.lua
local payload, key = ARGV[3], ARGV[4]
local max_events, max_age, max_bytes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
-- The server's clock, as workers have one each: should one of them jump, the history would be too old at once.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if ARGV[5] == '1' then
  local last = '+'
  repeat
    local entries = redis.call('XREVRANGE', history, last, '-', 'COUNT', 32)
    for _, entry in ipairs(entries) do
      if entry[2][4] == key then
        return {epoch, tonumber(string.match(entry[1], '^%d+'))}
      end
      last = '(' .. entry[1]
    end
  until #entries == 0
end

local offset = redis.call('HINCRBY', position, 'offset', 1)
redis.call('XADD', history, string.format('%d-%.0f', offset, now), 'p', payload, 'k', key)
local events = redis.call('XLEN', history)
local bytes
if events == 1 then
  bytes = #payload
  redis.call('HSET', position, 'bytes', bytes)
else
  bytes = redis.call('HINCRBY', position, 'bytes', #payload)
end

-- At most a few go at a time: each publish frees at least as much as it adds.
for _ = 1, 64 do
  if events < 2 then break end
  local oldest = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
  local age = now - tonumber(string.match(oldest[1], '%d+$'))
  if events <= max_events and bytes <= max_bytes and age <= max_age * 1000 then break end
  redis.call('XDEL', history, oldest[1])
  events = events - 1
  bytes = redis.call('HINCRBY', position, 'bytes', -#oldest[2][2])
end

redis.call('EXPIRE', history, max_age)
redis.call('EXPIRE', position, ARGV[9])
send(ARGV[2], 'e ' .. epoch .. ' ' .. offset .. ' ' .. payload)
return {epoch, offset}
