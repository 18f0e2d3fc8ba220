-- Numbers an event, appends it to the topic's bounded history, and sends it to every worker.
-- KEYS  1 the history, a stream whose entry ids are <offset>-<milliseconds>   2 the position, a hash
-- ARGV  1 channel  2 payload  3 key  4 "1" for a retry  5 milliseconds now  6 an epoch, should one begin
--       7 most events  8 longest age in seconds  9 most bytes  10 seconds that the position is kept
--       11 "1" for a brief topic: nothing is kept where nobody listens and nobody did lately
local history, position = KEYS[1], KEYS[2]
local payload, key, now = ARGV[2], ARGV[3], tonumber(ARGV[5])
local max_events, max_age, max_bytes = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local epoch = redis.call('HGET', position, 'epoch')
if not epoch then
  epoch = ARGV[6]
  if ARGV[11] == '1' and redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2] == 0 then
    return {epoch, 0}
  end
  redis.call('HSET', position, 'epoch', epoch, 'offset', 0, 'bytes', 0)
  redis.call('DEL', history)
end

if ARGV[4] == '1' then
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
redis.call('XADD', history, offset .. '-' .. ARGV[5], 'p', payload, 'k', key)
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
redis.call('EXPIRE', position, ARGV[10])
redis.call('PUBLISH', ARGV[1], 'e ' .. epoch .. ' ' .. offset .. ' ' .. payload)
return {epoch, offset}
