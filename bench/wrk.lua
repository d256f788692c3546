-- Asks for one path again and again; a "{n}" in it becomes a number never used before. Prints what came of it as JSON.
-- Arguments: the path, digits that no other run begins its numbers with, and the file of a body to post, if any.
local before, after, run
local count = 0

function init(args)
  run = args[2]
  if args[3] then
    local file = assert(io.open(args[3], "rb"))
    wrk.method, wrk.body = "POST", file:read("*a")
    wrk.headers["Content-Type"] = "application/json"
    file:close()
  end
  local from, to = string.find(args[1], "{n}", 1, true)
  if from then
    before, after = string.sub(args[1], 1, from - 1), string.sub(args[1], to + 1)
    request = function()
      count = count + 1
      return wrk.format(nil, before .. run .. count .. after)
    end
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "bad": %d, "broken": %d}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
