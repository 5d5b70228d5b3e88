// What the page for people does in the browser: it hears the server's events, and shows them. It is JavaScript, because the
// browser runs this very text (page.ts puts it into the page), and one function, because that is what can be put there.

/** Shows the fleet, for as long as the page is open. */
export function showFleet() {
  const SPAN_MS = 300_000;
  const MAX_EVENTS = 50;
  const WIDTH = 300;
  const HEIGHT = 100;
  /** A sample comes every second, so after that time the server is lost even if nothing has said so. */
  const SILENCE_MS = 5_000;
  const RETRY_MS = 2_000;
  /** Workers show that they are alive every second. */
  const LATE_HEARTBEAT_MS = 3_000;
  const LATE_LOOP_MS = 250;
  /** The lowest latency that is shown: in the first bucket there is nothing to tell apart. */
  const LEAST_MS = 0.1;
  const BYTES_PER_MEGABYTE = 1_048_576;

  let samples = [];
  let source;
  let heardAt = Date.now();
  let triedAt = Date.now();
  let isLost = false;

  function element(id) {
    return document.getElementById(id);
  }

  /** Text is only touched where it changes, so that nothing is read aloud or selected anew each second. */
  function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  // Numbers for people.

  function count(value) {
    if (value > 0 && value < 10 && !Number.isInteger(value)) return value.toFixed(1);
    return Math.round(value).toLocaleString("en");
  }

  function milliseconds(value) {
    if (value === null) return "–";
    if (value >= 1_000) return Number((value / 1_000).toFixed(1)) + " s";
    return (value >= 10 ? Math.round(value) : Number(value.toPrecision(2))) + " ms";
  }

  function megabytes(value) {
    const amount = value / BYTES_PER_MEGABYTE;
    return (amount < 10 ? amount.toFixed(1) : Math.round(amount).toLocaleString("en")) + " MiB";
  }

  function duration(value) {
    const seconds = Math.floor(value / 1_000);
    if (seconds < 60) return seconds + " s";
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return minutes + " min " + (seconds % 60) + " s";
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return hours + " h " + (minutes % 60) + " min";
    return Math.floor(hours / 24) + " d " + (hours % 24) + " h";
  }

  // The plots.

  /** The next of 1, 2, 5, 10, 20, 50 and so on: a scale that people can read. */
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
  }

  /** A scale from 0 up, on which a value has its share of the height. */
  function linearScale(highest, unit) {
    const top = highest > 0 ? roundUp(highest / unit) * unit : unit;
    return { ticks: [top, top / 2, 0], shareOf: (value) => value / top };
  }

  /** A scale of decades: what half of the requests take and what the slowest take are seldom of one size. */
  function decadeScale(highest, lowest) {
    const decades = Math.max(1, Math.ceil(Math.log10(highest / lowest)));
    return {
      ticks: Array.from({ length: decades + 1 }, (_, i) => lowest * 10 ** (decades - i)),
      shareOf: (value) => Math.log10(value / lowest) / decades,
    };
  }

  function drawPath(svg, name, data) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", name);
    path.setAttribute("d", data);
    svg.append(path);
  }

  /** The stretches of samples in which there is a value. */
  function stretches(points) {
    const found = [[]];
    for (const point of points) {
      if (point.y === null) found.push([]);
      else found.at(-1).push(point);
    }
    return found.filter((stretch) => stretch.length > 0);
  }

  function drawPlot({ id, lines, scaleTo, write }) {
    const [labels, svg] = element(id).children;
    const highest = Math.max(
      ...lines.flatMap(({ of }) => samples.map((sample) => of(sample) ?? 0)),
    );
    const { ticks, shareOf } = scaleTo(highest);
    const yOf = (value) => (1 - Math.max(0, Math.min(1, shareOf(value)))) * HEIGHT;
    const last = samples.length > 0 ? samples.at(-1).at : 0;
    labels.replaceChildren(...ticks.map((value) => {
      const item = document.createElement("li");
      item.textContent = value === 0 ? "0" : write(value);
      return item;
    }));
    svg.replaceChildren();
    for (const value of ticks) drawPath(svg, "grid", "M0 " + yOf(value) + "H" + WIDTH);
    for (const { name, of, isFilled } of lines) {
      const points = samples.map((sample) => {
        const value = of(sample);
        const x = (1 - (last - sample.at) / SPAN_MS) * WIDTH;
        return { x, y: value === null ? null : yOf(value) };
      });
      for (const stretch of stretches(points.filter(({ x }) => x >= 0))) {
        drawStretch(svg, name, stretch, isFilled);
      }
    }
    const latest = samples.at(-1);
    if (latest === undefined) return;
    const values = lines.map(({ title, of }) => title + " " + write(of(latest) ?? 0));
    svg.setAttribute("aria-label", values.join(", ") + "; the highest is " + write(highest));
  }

  function drawStretch(svg, name, stretch, isFilled) {
    const [first] = stretch;
    const line = "M" + stretch.map(({ x, y }) => x.toFixed(1) + " " + y.toFixed(1)).join("L");
    // One moment alone has no line to be seen by.
    if (stretch.length === 1) return drawPath(svg, name + " dot", line + "h0.01");
    if (isFilled) {
      drawPath(svg, name + " area", line + "V" + HEIGHT + "H" + first.x.toFixed(1) + "Z");
    }
    drawPath(svg, name, line);
  }

  const PLOTS = [
    {
      id: "plot-requests",
      lines: [{
        name: "requests",
        title: "Requests per second",
        of: (sample) => sample.requestsPerSecond,
        isFilled: true,
      }],
      scaleTo: (highest) => linearScale(highest, 1),
      write: count,
    },
    {
      id: "plot-latency",
      lines: [
        { name: "p99", title: "99 of a hundred within", of: (sample) => sample.p99Ms },
        { name: "p50", title: "half within", of: (sample) => sample.p50Ms },
      ],
      scaleTo: (highest) => decadeScale(highest, LEAST_MS),
      write: milliseconds,
    },
    {
      id: "plot-heap",
      lines: [{
        name: "heap",
        title: "Heap of all workers",
        // Before the first heartbeat nothing is known.
        of: (sample) => sample.heapBytes === 0 ? null : sample.heapBytes,
        isFilled: true,
      }],
      scaleTo: (highest) => linearScale(highest, BYTES_PER_MEGABYTE),
      write: megabytes,
    },
  ];

  // The table, the figures, the events.

  function addCell(row, name, text, isBad) {
    const cell = document.createElement("td");
    cell.dataset.name = name;
    cell.textContent = text;
    if (isBad) cell.className = "bad";
    row.append(cell);
    return cell;
  }

  function workerRow(worker) {
    const row = document.createElement("tr");
    row.dataset.worker = worker.worker;
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = "#" + worker.worker;
    row.append(head);
    const isSilent = worker.status !== "starting" && worker.heartbeatAgeMs > LATE_HEARTBEAT_MS;
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.dataset.status = isSilent ? "silent" : worker.status;
    badge.textContent = isSilent ? worker.status + ", silent" : worker.status;
    addCell(row, "Status", "").append(badge);
    addCell(row, "Requests/s", count(worker.requestsPerSecond));
    addCell(row, "In flight", count(worker.requestsInFlight));
    addCell(row, "Heap", megabytes(worker.heapBytes));
    const lag = worker.eventLoopLagMs;
    addCell(row, "Loop lag", milliseconds(lag), lag > LATE_LOOP_MS);
    const heartbeat = (worker.heartbeatAgeMs / 1_000).toFixed(1) + " s ago";
    addCell(row, "Heartbeat", heartbeat, isSilent);
    addCell(row, "Age", duration(worker.ageMs));
    return row;
  }

  function showNow(now) {
    const latest = samples.at(-1);
    const { isReady, reason } = now.readiness;
    const status = element("status");
    setText(status, isReady ? "ready" : "not ready: " + reason);
    status.dataset.state = isReady ? "ready" : "unready";
    setText(
      element("process"),
      "process " + now.pid + " · Deno " + now.deno + " · up " + duration(now.uptimeMs),
    );
    const replaced = Object.entries(now.replacements);
    const figures = {
      "requests-per-second": latest ? count(latest.requestsPerSecond) : "–",
      "p50": milliseconds(latest ? latest.p50Ms : null),
      "p99": milliseconds(latest ? latest.p99Ms : null),
      "in-flight": count(now.total.requestsInFlight),
      "connections": count(now.total.connectionsOpen),
      "heap": megabytes(now.total.heapBytes),
      "panics": count(now.total.panics),
      "replacements": count(replaced.reduce((sum, [, times]) => sum + times, 0)),
    };
    for (const [id, text] of Object.entries(figures)) setText(element(id), text);
    element("panics").className = now.total.panics > 0 ? "bad" : "";
    const accepting = now.workers.filter((worker) => worker.status === "accepting").length;
    const causes = replaced.map(([cause, times]) => ", " + times + " × " + cause).join("");
    const since = causes === "" ? "" : " · replaced so far: " + causes.slice(2);
    setText(element("wanted"), accepting + " of " + now.wanted + " accept" + since);
    element("workers").replaceChildren(...now.workers.map(workerRow));
  }

  function showEvent({ at, weight, text }) {
    const item = document.createElement("li");
    item.className = weight;
    const time = document.createElement("time");
    const date = new Date(at);
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString("en-GB");
    const words = document.createElement("span");
    words.textContent = text;
    item.append(time, words);
    const list = element("events");
    list.prepend(item);
    while (list.children.length > MAX_EVENTS) list.lastElementChild.remove();
    element("no-events").hidden = true;
  }

  // The connection.

  function heard() {
    heardAt = Date.now();
    if (!isLost) return;
    isLost = false;
    element("lost").hidden = true;
    element("main").classList.remove("stale");
  }

  function lost() {
    isLost = true;
    const seconds = Math.round((Date.now() - heardAt) / 1_000);
    setText(
      element("lost"),
      "The server has not been heard of for " + seconds + " s. Trying to reach it again…",
    );
    element("lost").hidden = false;
    element("main").classList.add("stale");
    setText(element("status"), "lost");
    element("status").dataset.state = "unready";
  }

  function connect() {
    triedAt = Date.now();
    source = new EventSource("/events");
    source.addEventListener("history", (event) => {
      heard();
      // It is all that the server knows, so a server that was started anew begins anew here.
      const history = JSON.parse(event.data);
      samples = history.samples;
      element("events").replaceChildren();
      element("no-events").hidden = false;
      for (const one of history.events) showEvent(one);
      PLOTS.forEach(drawPlot);
      showNow(history.now);
    });
    source.addEventListener("sample", (event) => {
      heard();
      const { sample, now } = JSON.parse(event.data);
      samples = [...samples, sample].filter(({ at }) => sample.at - at <= SPAN_MS);
      PLOTS.forEach(drawPlot);
      showNow(now);
    });
    source.addEventListener("fleet", (event) => {
      heard();
      showEvent(JSON.parse(event.data));
    });
    source.addEventListener("error", lost);
  }

  /** A browser gives a source up that was answered with an error, and knows nothing of one that is silent. */
  function watch() {
    if (isLost) lost();
    const isSilent = Date.now() - Math.max(heardAt, triedAt) > SILENCE_MS;
    if (!isSilent && source.readyState !== EventSource.CLOSED) return;
    lost();
    source.close();
    connect();
  }

  /** A browser has few connections to one server, and a page that nobody sees would keep one from those that somebody does. */
  function followVisibility() {
    source.close();
    clearInterval(watching);
    if (document.hidden) return;
    connect();
    watching = setInterval(watch, RETRY_MS);
  }

  connect();
  let watching = setInterval(watch, RETRY_MS);
  document.addEventListener("visibilitychange", followVisibility);
}
