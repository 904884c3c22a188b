-- Seven of ten requests are for a home page, three for a product page. The same seed asks
-- for the same.
function init(args)
	users, items = tonumber(args[1]), tonumber(args[2])
	math.randomseed(tonumber(args[3]))
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
	wrk.headers["Authorization"] = "Bearer load"
end

function request()
	local body
	if math.random(10) <= 7 then
		body = string.format('{"customer":"customer-%d","place":"home","k":10}', math.random(users) - 1)
	else
		body = string.format('{"place":"product","items":["item-%05d"],"k":10}', math.random(items) - 1)
	end
	return wrk.format(nil, "/v1/recommendations", nil, body)
end

function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format('RESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"max":%d,"failed":%d}\n',
		summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
		e.connect + e.read + e.write + e.status + e.timeout))
end
