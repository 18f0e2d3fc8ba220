// The WebSocket of the browser itself, which can't send headers.
export function run({ url, token }, say) {
  const address = new URL(url);
  address.searchParams.set("token", token);
  const socket = new WebSocket(address);
  socket.onopen = () => say({ saw: "open" });
  socket.onmessage = ({ data }) => say({ saw: "frame", text: data });
  socket.onclose = ({ code, reason }) => say({ saw: "closed", code, reason });
  return (text) => socket.send(text);
}
