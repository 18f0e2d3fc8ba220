// npm ws, with the token in a header.
import WebSocket from "ws";
import { asked, say, told } from "./node.js";

const { url, token } = asked();
const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${token}` } });
socket.on("open", () => say({ saw: "open" }));
socket.on("message", (data) => say({ saw: "frame", text: data.toString() }));
socket.on("close", (code, reason) => say({ saw: "closed", code, reason: reason.toString() }));
told(({ send }) => socket.send(send));
