// Shows the fleet as it is: the figures at the top, the table of workers, the list of events. It runs in the browser, as
// page_script.js describes.

/** The figures, the table of workers, and the list of events. */
export class FleetView {
  static #MAX_EVENTS = 50;
  /** Workers show that they are alive every second. */
  static #LATE_HEARTBEAT_MS = 3_000;
  static #LATE_LOOP_MS = 250;

  #numbers;

  constructor(numbers) {
    this.#numbers = numbers;
  }

  /** Shows the fleet of this moment; `latest` is the newest sample, undefined before the first one. */
  show(now, latest) {
    this.#showStatus(now);
    this.#showFigures(now, latest);
    this.#showSummary(now);
    this.#showWebSockets(now.total.webSockets);
    const rows = now.workers.map((worker) => this.#workerRow(worker));
    document.getElementById("workers").replaceChildren(...rows);
  }

  #showStatus({ readiness, pid, deno, uptimeMs }) {
    const { isReady, reason } = readiness;
    this.setStatus(isReady ? "ready" : `not ready: ${reason}`, isReady);
    const uptime = this.#numbers.duration(uptimeMs);
    this.setText("process", `process ${pid} · Deno ${deno} · up ${uptime}`);
  }

  #showFigures({ total, replacements }, latest) {
    const { count, milliseconds, megabytes } = this.#numbers;
    const replaced = Object.values(replacements).reduce((sum, times) => sum + times, 0);
    this.setText("requests-per-second", latest ? count(latest.requestsPerSecond) : "–");
    this.setText("p50", milliseconds(latest ? latest.p50Ms : null));
    this.setText("p99", milliseconds(latest ? latest.p99Ms : null));
    this.setText("queue-p99", milliseconds(latest ? latest.queueP99Ms : null));
    this.setText("in-flight", count(total.requestsInFlight));
    this.setText("connections", count(total.connectionsOpen));
    this.setText("heap", megabytes(total.heapBytes));
    const shed = Object.values(total.shed).reduce((sum, times) => sum + times, 0);
    this.setText("shed", count(shed));
    document.getElementById("shed").className = shed > 0 ? "bad" : "";
    this.setText("panics", count(total.panics));
    this.setText("replacements", count(replaced));
    document.getElementById("panics").className = total.panics > 0 ? "bad" : "";
  }

  /** How many workers accept, and why others were replaced. */
  #showSummary({ workers, desired, standby, replacements }) {
    const count = (wanted) => workers.filter(({ status }) => status === wanted).length;
    const causes = Object.entries(replacements).map(([cause, times]) =>
      `${times} × ${cause.replaceAll("_", " ")}`
    );
    const since = causes.length === 0 ? "" : ` · replaced so far: ${causes.join(", ")}`;
    const ready = standby === 0 ? "" : ` · ${count("standby")} of ${standby} on standby`;
    this.setText("desired", `${count("accepting")} of ${desired} accept${ready}${since}`);
  }

  /** Shows the WebSockets, if there are or were any. */
  #showWebSockets({ open, opened, panics, closes, ...messages }) {
    document.getElementById("websockets").hidden = opened === 0;
    const { count, bytes } = this.#numbers;
    const failed = panics === 0 ? "" : ` · ${count(panics)} panics`;
    this.setText("websockets-open", `${count(open)} open of ${count(opened)}${failed}`);
    this.setText(
      "websocket-messages",
      `${count(messages.messagesReceived)} messages received (${bytes(messages.bytesReceived)}), ` +
        `${count(messages.messagesSent)} sent (${bytes(messages.bytesSent)})`,
    );
    const ends = Object.entries(closes).map(([code, times]) => `${count(times)} × ${code}`);
    this.setText("websocket-closes", ends.length === 0 ? "" : `Closed so far: ${ends.join(", ")}`);
  }

  #workerRow(worker) {
    const { count, milliseconds, megabytes, duration } = this.#numbers;
    const { eventLoopLagMs, heartbeatAgeMs } = worker;
    // A worker that does not serve has no heartbeat.
    const hasHeartbeat = worker.status !== "starting" && worker.status !== "standby";
    const isSilent = hasHeartbeat && heartbeatAgeMs > FleetView.#LATE_HEARTBEAT_MS;
    const row = document.createElement("tr");
    row.dataset.worker = worker.worker;
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = `#${worker.worker}`;
    row.append(head);
    this.#addCell(row, "Status", "").append(this.#badge(worker.status, isSilent));
    this.#addCell(row, "Requests/s", count(worker.requestsPerSecond));
    this.#addCell(row, "In flight", count(worker.requestsInFlight));
    this.#addCell(row, "Heap", megabytes(worker.heapBytes));
    const isLate = eventLoopLagMs > FleetView.#LATE_LOOP_MS;
    this.#addCell(row, "Loop lag", milliseconds(eventLoopLagMs), isLate);
    const heartbeat = hasHeartbeat ? `${(heartbeatAgeMs / 1_000).toFixed(1)} s ago` : "–";
    this.#addCell(row, "Heartbeat", heartbeat, isSilent);
    this.#addCell(row, "Age", duration(worker.ageMs));
    return row;
  }

  #badge(status, isSilent) {
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.dataset.status = isSilent ? "silent" : status;
    badge.textContent = isSilent ? `${status}, silent` : status;
    return badge;
  }

  #addCell(row, name, text, isBad = false) {
    const cell = document.createElement("td");
    cell.dataset.name = name;
    cell.textContent = text;
    if (isBad) cell.className = "bad";
    row.append(cell);
    return cell;
  }

  /** Shows these events, in place of all before. */
  showEvents(events) {
    document.getElementById("events").replaceChildren();
    document.getElementById("no-events").hidden = false;
    for (const event of events) this.addEvent(event);
  }

  /** Shows one more event, and forgets the oldest if they are too many. */
  addEvent({ at, weight, text }) {
    const item = document.createElement("li");
    item.className = weight;
    const time = document.createElement("time");
    const date = new Date(at);
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString("en-GB");
    const words = document.createElement("span");
    words.textContent = text;
    item.append(time, words);
    const list = document.getElementById("events");
    list.prepend(item);
    while (list.children.length > FleetView.#MAX_EVENTS) list.lastElementChild.remove();
    document.getElementById("no-events").hidden = true;
  }

  /** Shows since when the server has not been heard; the rest of the page is grey until `showFound`. */
  showLost(silentMs) {
    const seconds = Math.round(silentMs / 1_000);
    this.setText(
      "lost",
      `The server has not been heard of for ${seconds} s. Trying to reach it again…`,
    );
    document.getElementById("lost").hidden = false;
    document.getElementById("main").classList.add("stale");
    this.setStatus("lost", false);
  }

  /** Shows the page as that of a server that is there. */
  showFound() {
    document.getElementById("lost").hidden = true;
    document.getElementById("main").classList.remove("stale");
  }

  setStatus(text, isReady) {
    this.setText("status", text);
    document.getElementById("status").dataset.state = isReady ? "ready" : "unready";
  }

  /** Text is only touched if it changes, so that a screen reader does not read it, and nothing loses its selection, each second. */
  setText(id, text) {
    const node = document.getElementById(id);
    if (node.textContent !== text) node.textContent = text;
  }
}
