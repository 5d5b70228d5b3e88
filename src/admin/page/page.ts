// The page for people: one file, made of its style and its scripts. It loads nothing from other
// servers, and its security policy forbids it. Text of clients and errors never becomes HTML.

import { createHash } from "node:crypto";
import { FleetPage } from "./page_script.js";
import { FleetView } from "./page_script_fleet.js";
import { createNumbers } from "./page_script_numbers.js";
import { Plots } from "./page_script_plots.js";
import { PAGE_STYLE } from "./page_style.ts";

/**
 * The browser runs the classes as they are written. Here they get their names, which a bundler of
 * the server may have changed.
 */
const SCRIPT = `{
const createNumbers = ${createNumbers};
const Plots = ${Plots};
const FleetView = ${FleetView};
const FleetPage = ${FleetPage};
const numbers = createNumbers();
new FleetPage(new Plots(numbers), new FleetView(numbers));
}`;

/**
 * What the page may load and run: its own style and script, by their hashes, and its own events.
 */
export const PAGE_SECURITY_POLICY: string = [
  "default-src 'none'",
  `style-src '${hashOf(PAGE_STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A figure among those at the top. */
function tile(id: string, name: string): string {
  return `<div class="tile"><dt>${name}</dt><dd id="${id}">–</dd></div>`;
}

/** A plot; the script draws it. */
function plot(id: string, name: string, legend: string): string {
  return `
    <figure class="card plot">
      <figcaption><h2>${name}</h2><p class="legend">${legend}</p></figcaption>
      <div class="canvas" id="${id}">
        <ol class="scale" aria-hidden="true"></ol>
        <svg viewBox="0 0 300 100" preserveAspectRatio="none" role="img" aria-label="${name}"></svg>
      </div>
      <p class="span" aria-hidden="true"><span>5 minutes ago</span><span>now</span></p>
    </figure>`;
}

/** A column of the table of workers. */
function column(name: string): string {
  return `<th scope="col">${name}</th>`;
}

const TILES = [
  tile("requests-per-second", "Requests/s"),
  tile("p50", "Latency p50"),
  tile("p99", "Latency p99"),
  tile("queue-p99", "Queue p99"),
  tile("in-flight", "In flight"),
  tile("connections", "Connections"),
  tile("heap", "Heap"),
  tile("shed", "Shed"),
  tile("panics", "Panics"),
  tile("replacements", "Replacements"),
];

const PLOTS = [
  plot("plot-requests", "Requests per second", ""),
  plot(
    "plot-latency",
    "Latency",
    '<span class="key key-p50">p50</span> <span class="key key-p99">p99</span>',
  ),
  plot("plot-heap", "Heap of all workers", ""),
];

const COLUMNS = [
  "Worker",
  "Status",
  "Requests/s",
  "In flight",
  "Heap",
  "Loop lag",
  "Heartbeat",
  "Age",
];

/** The whole page. */
export const PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mudpie: the fleet</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
  <header>
    <h1>Mudpie</h1>
    <p id="status" class="status" role="status">connecting…</p>
    <p id="process" class="process"></p>
  </header>
  <p id="lost" class="lost" role="alert" hidden></p>
  <noscript><p class="lost">This page needs JavaScript; /stats and /metrics tell the same without.</p></noscript>
  <main id="main">
    <dl class="tiles">${TILES.join("")}</dl>
    <section class="plots" aria-label="The last five minutes">${PLOTS.join("")}
    </section>
    <section class="card" aria-labelledby="workers-title">
      <div class="title"><h2 id="workers-title">Workers</h2><p id="desired" class="note"></p></div>
      <table>
        <thead><tr>${COLUMNS.map(column).join("")}</tr></thead>
        <tbody id="workers"></tbody>
      </table>
    </section>
    <section id="websockets" class="card" aria-labelledby="websockets-title" hidden>
      <div class="title"><h2 id="websockets-title">WebSockets</h2><p id="websockets-open" class="note"></p></div>
      <p id="websocket-messages" class="note"></p>
      <p id="websocket-closes" class="note"></p>
    </section>
    <section class="card" aria-labelledby="events-title">
      <h2 id="events-title">Recent events</h2>
      <p id="no-events" class="note">None yet.</p>
      <ol id="events" class="events" tabindex="0" aria-labelledby="events-title"></ol>
    </section>
  </main>
  <footer>
    <p>Latencies are estimated from the buckets of a histogram. The same in other forms:
      <a href="/stats">/stats</a>, <a href="/metrics">/metrics</a>.</p>
  </footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
