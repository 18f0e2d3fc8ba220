// The whole cluster at a glance, for operators. The page asks every two seconds while it is visible.

import { call } from "../api.js";
import { barChart, lineChart } from "../chart.js";
import { el, fill } from "../dom.js";
import { chip } from "../ui.js";

const EVERY_MS = 2000;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

// RFC 6455, 7.4.1
const CODES = {
  1000: "closed", 1001: "went away", 1005: "closed without a word", 1006: "connection lost", 1008: "not allowed",
  1009: "frame too large", 1011: "failure", 1013: "try again later",
};

const whole = (value) => Math.round(value).toLocaleString();
const rate = (value) => `${value < 10 ? value.toFixed(1) : whole(value)}/s`;
const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : whole(value)} ms`;

export function operationsView(place) {
  const charts = {
    streams: lineChart("Open streams", whole),
    sockets: lineChart("Open sockets", whole),
    published: lineChart("Published", rate),
    delivered: lineChart("Delivered", rate),
    frames: lineChart("Frames of sockets", rate),
    lag: lineChart("Worst lag of a worker", milliseconds),
  };
  const state = el("span.live", { role: "status" });
  const ends = el("div.charts.top", {});
  const workers = table("Workers", ["Host", "Process", "Up", "Memory", "Streams", "Sockets", "Topics", "Delivered", "Lag", "Outbox", ""]);
  const topics = table("Busiest topics", ["Topic", "Subscribers", "Events"]);
  let before = null;
  let timer = null;
  let isLeft = false;

  const show = (stats) => {
    const now = { at: performance.now(), ...stats.totals };
    const since = before && stats.workers.length === before.workers ? (now.at - before.at) / 1000 : 0;
    const per = (name, count = (it) => it[name]) =>
      (since ? Math.max(0, count(now) - count(before)) / since : null);
    charts.streams.add(now.streams);
    charts.sockets.add(now.sockets);
    charts.published.add(per("published"));
    charts.delivered.add(per("delivered"));
    charts.frames.add(per("frames", (it) => it.frames.in + it.frames.out));
    charts.lag.add(now.lag * 1000);
    before = { ...now, workers: stats.workers.length };
    fill(ends,
      panel("Streams by kind", stats.streams_by_kind), panel("Streams that ended", stats.stream_ends),
      panel("Sockets that ended", stats.socket_ends, CODES));
    workers.show(stats.workers.map(workerRow));
    tell(stats.partial ? "warn" : "good", stats.partial ? partial(stats) : "Live");
  };
  const tell = (kind, text) => fill(state, el(`i.dot.${kind}`, { "aria-hidden": "true" }), text);
  const look = async () => {
    try {
      if (!document.hidden) {
        show(await call("GET", "/api/ops/stats"));
        topics.show((await call("GET", "/api/ops/topics?per_page=10")).topics.map(topicRow));
      }
    } catch (error) {
      before = null;
      for (const chart of Object.values(charts)) chart.add(null);
      tell("warn", error.message);
    }
    if (!isLeft) timer = setTimeout(look, EVERY_MS);
  };

  fill(place,
    el("header.head", {}, el("div", {}, el("h1", {}, "Operations"), el("p.lead", {}, "Every worker of the cluster, as of now.")), state),
    el("div.charts", {}, Object.values(charts)), ends, workers.node, topics.node);
  look();
  return () => {
    isLeft = true;
    clearTimeout(timer);
  };
}

function partial({ silent }) {
  return silent?.length ? `No word from ${silent.length} of the workers` : "Perhaps not all workers: the broker is away";
}

function panel(title, counts, names) {
  return el("section.card", {}, el("h2", {}, title), barChart(counts ?? {}, names));
}

function table(title, heads) {
  const body = el("tbody", {});
  const isNumber = (index) => index > 0 && index < heads.length;
  const head = heads.map((text, index) => el(`th${isNumber(index) ? ".number" : ""}`, { scope: "col" }, text));
  const node = el("section.stack.tight", {}, el("h2", {}, title),
    el("div.scroll", { tabindex: "0", role: "region", "aria-label": title }, el("table.plain", {}, el("thead", {}, el("tr", {}, head)), body)));
  return {
    node,
    show: (rows) => {
      node.hidden = !rows.length;
      fill(body, rows.map((row) => el("tr", {}, row.map((cell, index) => el(`td${isNumber(index) ? ".number" : ""}`, {}, cell)))));
    },
  };
}

function workerRow(worker) {
  return [worker.host, worker.pid, duration(worker.uptime), bytes(worker.memory), whole(worker.streams), whole(worker.sockets),
    whole(worker.topics), whole(worker.delivered), milliseconds(worker.lag * 1000), whole(worker.outbox), worker.draining ? chip("draining", "warn") : ""];
}

function topicRow({ topic, subscribers, events }) {
  return [topic, whole(subscribers), whole(events)];
}

function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60]];
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

function bytes(count) {
  if (count === null || count === undefined) return "–";
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${(count / 1024 ** power).toFixed(power > 2 ? 1 : 0)} ${UNITS[power]}`;
}
