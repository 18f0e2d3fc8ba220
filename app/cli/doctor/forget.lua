-- Nothing is left of a topic: KEYS are its history and its position.
return redis.call('DEL', KEYS[1], KEYS[2])
