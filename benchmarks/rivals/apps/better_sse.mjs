// GET /events joins the one channel; POST /publish broadcasts its body to it.
import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const channel = createChannel();
const asItIs = { serializer: (data) => data, sanitizer: (data) => data }; // the body is text already

async function subscribe(request, response) {
  channel.register(await createSession(request, response, asItIs));
}

function publish(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    channel.broadcast(Buffer.concat(parts).toString(), "message");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ subscribers: channel.sessionCount }));
  });
}

const server = createServer((request, response) =>
  request.method === "POST" ? publish(request, response) : subscribe(request, response),
);
server.listen(Number(process.argv[2]), "127.0.0.1", 4096);
