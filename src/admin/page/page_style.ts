// The style of the page for people: light or dark like the system, also on a phone.

/** The style sheet. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f5f2ee;
  --card: #ffffff;
  --line: #e3dcd4;
  --ink: #231c17;
  --quiet: #6a5f56;
  --brown: #95521f;
  --teal: #0f766e;
  --amber: #b4500b;
  --violet: #5b4bc4;
  --good: #14692f;
  --good-ground: #dcf3e2;
  --bad: #ab1717;
  --bad-ground: #fbe3e0;
  --warn: #7f4a00;
  --warn-ground: #fbecc8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #171310;
    --card: #211b17;
    --line: #3a312a;
    --ink: #f1ebe5;
    --quiet: #b3a69b;
    --brown: #e29a5e;
    --teal: #4fd1c1;
    --amber: #f5a855;
    --violet: #aaa0ff;
    --good: #83e0a0;
    --good-ground: #17351f;
    --bad: #ff9d92;
    --bad-ground: #4a1a16;
    --warn: #f6cf7a;
    --warn-ground: #42320f;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0 auto;
  padding: 1.25rem clamp(0.75rem, 3vw, 2rem) 2rem;
  max-width: 76rem;
  background: var(--ground);
  color: var(--ink);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, p, dl, dd, figure, ol {
  margin: 0;
  padding: 0;
}
h1 {
  font-size: 1.375rem;
  letter-spacing: -0.01em;
}
h2 {
  font-size: 0.9375rem;
  font-weight: 600;
}
a {
  color: var(--brown);
}
[hidden] {
  display: none !important;
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.375rem 0.75rem;
  margin-bottom: 1rem;
}
.status {
  padding: 0.125rem 0.625rem;
  border-radius: 999px;
  background: var(--warn-ground);
  color: var(--warn);
  font-size: 0.875rem;
  font-weight: 600;
}
.status[data-state="ready"] {
  background: var(--good-ground);
  color: var(--good);
}
.status[data-state="unready"] {
  background: var(--bad-ground);
  color: var(--bad);
}
.process {
  margin-left: auto;
  color: var(--quiet);
  font-size: 0.875rem;
}
.lost {
  margin-bottom: 1rem;
  padding: 0.625rem 0.875rem;
  border: 1px solid var(--bad);
  border-radius: 0.5rem;
  background: var(--bad-ground);
  color: var(--bad);
  font-weight: 600;
}
main {
  display: grid;
  gap: 0.875rem;
  grid-template-columns: minmax(0, 1fr);
}
main.stale {
  opacity: 0.55;
}
.card, .tile {
  border: 1px solid var(--line);
  border-radius: 0.625rem;
  background: var(--card);
}
.card {
  padding: 0.875rem 1rem 1rem;
}
.tiles {
  display: grid;
  grid-template-columns: repeat(8, minmax(0, 1fr));
  gap: 0.625rem;
}
.tile {
  padding: 0.625rem 0.75rem;
}
.tile dt {
  color: var(--quiet);
  font-size: 0.8125rem;
  white-space: nowrap;
}
.tile dd {
  font-size: 1.25rem;
  font-weight: 600;
  letter-spacing: -0.01em;
  white-space: nowrap;
}
.tile dd.bad {
  color: var(--bad);
}
.plots {
  display: grid;
  grid-template-columns: repeat(3, minmax(0, 1fr));
  gap: 0.875rem;
}
.title {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 0.625rem;
}
figcaption {
  display: flex;
  justify-content: space-between;
  align-items: baseline;
}
.legend, .note, .span {
  color: var(--quiet);
  font-size: 0.8125rem;
  font-weight: 400;
}
.key::before {
  content: "";
  display: inline-block;
  width: 0.875rem;
  height: 0;
  margin: 0 0.3125rem 0 0.5rem;
  border-top: 3px solid currentColor;
  border-radius: 2px;
  vertical-align: middle;
}
.key-p50::before {
  border-color: var(--teal);
}
.key-p99::before {
  border-color: var(--amber);
}
.canvas {
  display: grid;
  grid-template-columns: 3.75rem minmax(0, 1fr);
  height: 7.5rem;
  margin-top: 0.75rem;
}
.scale {
  display: flex;
  flex-direction: column;
  justify-content: space-between;
  margin: -0.5rem 0;
  padding-right: 0.5rem;
  color: var(--quiet);
  font-size: 0.75rem;
  line-height: 1rem;
  list-style: none;
  text-align: right;
  white-space: nowrap;
}
.canvas svg {
  display: block;
  width: 100%;
  height: 7.5rem;
  overflow: visible;
}
.canvas path {
  fill: none;
  stroke-width: 1.75;
  stroke-linejoin: round;
  stroke-linecap: round;
  vector-effect: non-scaling-stroke;
}
.canvas .dot {
  stroke-width: 4;
}
.canvas .grid {
  stroke: var(--line);
  stroke-width: 1;
}
.canvas .area {
  stroke: none;
  opacity: 0.14;
}
.canvas .requests {
  stroke: var(--brown);
}
.canvas .requests.area {
  stroke: none;
  fill: var(--brown);
}
.canvas .p50 {
  stroke: var(--teal);
}
.canvas .p99 {
  stroke: var(--amber);
}
.canvas .heap {
  stroke: var(--violet);
}
.canvas .heap.area {
  stroke: none;
  fill: var(--violet);
}
.span {
  display: flex;
  justify-content: space-between;
  margin: 0.5rem 0 0 3.75rem;
  font-size: 0.75rem;
}
table {
  width: 100%;
  margin-top: 0.5rem;
  border-collapse: collapse;
}
th, td {
  padding: 0.4375rem 0.5rem;
  border-top: 1px solid var(--line);
  text-align: right;
  white-space: nowrap;
}
thead th {
  border-top: 0;
  color: var(--quiet);
  font-size: 0.8125rem;
  font-weight: 500;
}
th:first-child, th:nth-child(2), td:nth-child(2) {
  text-align: left;
}
td.bad {
  color: var(--bad);
  font-weight: 600;
}
.badge {
  display: inline-block;
  padding: 0 0.5rem;
  border-radius: 999px;
  background: var(--warn-ground);
  color: var(--warn);
  font-size: 0.8125rem;
  font-weight: 600;
}
.badge[data-status="accepting"], .badge[data-status="standby"] {
  background: var(--good-ground);
  color: var(--good);
}
.badge[data-status="retiring"], .badge[data-status="silent"] {
  background: var(--bad-ground);
  color: var(--bad);
}
.events {
  margin-top: 0.5rem;
  max-height: 24.5rem;
  overflow-y: auto;
  list-style: none;
}
.events li {
  display: grid;
  grid-template-columns: 0.5rem 4.5rem minmax(0, 1fr);
  gap: 0.625rem;
  padding: 0.375rem 0;
  border-top: 1px solid var(--line);
}
.events li:first-child {
  border-top: 0;
}
.events li::before {
  content: "";
  width: 0.5rem;
  height: 0.5rem;
  margin-top: 0.4375rem;
  border-radius: 50%;
  background: var(--line);
}
.events li.bad::before {
  background: var(--bad);
}
.events li.good::before {
  background: var(--good);
}
.events time {
  color: var(--quiet);
}
.events span {
  overflow-wrap: anywhere;
  white-space: pre-line;
}
.events li.bad span {
  color: var(--bad);
}
footer {
  margin-top: 1rem;
  color: var(--quiet);
  font-size: 0.8125rem;
}
@media (max-width: 64rem) {
  .tiles {
    grid-template-columns: repeat(4, minmax(0, 1fr));
  }
  .plots {
    grid-template-columns: minmax(0, 1fr);
  }
}
@media (max-width: 40rem) {
  .tiles {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  .process {
    margin-left: 0;
    width: 100%;
  }
  table, tbody, tr {
    display: block;
  }
  thead {
    position: absolute;
    clip-path: inset(50%);
    width: 1px;
    height: 1px;
    overflow: hidden;
  }
  tbody tr {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 0.375rem 0.5rem;
    padding: 0.75rem 0;
    border-top: 1px solid var(--line);
  }
  tbody tr:first-child {
    border-top: 0;
  }
  tbody th, tbody td {
    padding: 0;
    border: 0;
    text-align: left;
  }
  tbody td:nth-child(2) {
    grid-column: span 2;
    text-align: right;
  }
  tbody td:not(:nth-child(2))::before {
    content: attr(data-name);
    display: block;
    color: var(--quiet);
    font-size: 0.75rem;
    font-weight: 400;
  }
}
`;
