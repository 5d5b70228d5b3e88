import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { escapeLabel, type PrometheusSource, prometheusText } from "../../src/admin/prometheus.ts";
import { createMetricsMemory } from "../../src/telemetry/metrics_memory.ts";
import { RequestMetrics } from "../../src/telemetry/request_metrics.ts";
import { RequestTotals } from "../../src/telemetry/request_totals.ts";
import { checkMetrics, PROMTOOL_HINDRANCE } from "../support/tools/promtool.ts";
import { stats, worker } from "./fleet.ts";

const ROUTES = ["/hello", `/a"b\\c`];

/** What is told of a fleet after these requests. */
function exposed(
  requests: (metrics: RequestMetrics) => void = () => {},
  but: Partial<PrometheusSource> = {},
): PrometheusSource {
  const memory = createMetricsMemory();
  requests(new RequestMetrics(memory, ROUTES, ["GET", "POST"]));
  const totals = new RequestTotals();
  totals.add(memory);
  return {
    stats: stats([worker(3, { heapBytes: 5_000_000, heartbeatAgeMs: 250, eventLoopLagMs: 2 })]),
    requests: totals.rows(),
    queueTimes: totals.queueTimes,
    isReady: true,
    startedAtSeconds: 1_795_000_000.5,
    denoVersion: "2.9.6",
    ...but,
  };
}

/** The lines of one metric, its comments left out. */
function linesOf(name: string, text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(name));
}

describe("prometheusText()", () => {
  it("tells of requests by method, route and class of status", () => {
    const text = prometheusText(exposed((metrics) => {
      metrics.note("GET", 0, 200, 1);
      metrics.note("GET", 0, 201, 1);
      metrics.note("GET", 0, 500, 1);
      metrics.note("BREW", undefined, 404, 1);
      metrics.noteRefusal(undefined, 400);
    }));
    assertEquals(linesOf("mudpie_requests_total", text), [
      'mudpie_requests_total{method="GET",route="/hello",status="2xx"} 2',
      'mudpie_requests_total{method="GET",route="/hello",status="5xx"} 1',
      'mudpie_requests_total{method="other",route="refused",status="4xx"} 1',
      'mudpie_requests_total{method="other",route="unmatched",status="4xx"} 1',
    ]);
  });

  it("tells durations as a histogram by route, each bucket with those before it", () => {
    const text = prometheusText(exposed((metrics) => {
      metrics.note("GET", 0, 200, 250);
      metrics.note("POST", 0, 200, 500);
      metrics.note("GET", 0, 200, 60_000);
    }));
    const bucket = (le: string, count: number) =>
      `mudpie_request_duration_seconds_bucket{route="/hello",le="${le}"} ${count}`;
    assertEquals(linesOf("mudpie_request_duration_seconds", text), [
      ...["0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1"]
        .map((le) => bucket(le, 0)),
      bucket("0.25", 1),
      ...["0.5", "1", "2.5", "5", "10"].map((le) => bucket(le, 2)),
      bucket("+Inf", 3),
      'mudpie_request_duration_seconds_sum{route="/hello"} 60.75',
      'mudpie_request_duration_seconds_count{route="/hello"} 3',
    ]);
  });

  it("leaves the durations of a route out that has none", () => {
    const text = prometheusText(exposed((metrics) => metrics.noteRefusal("GET", 400)));
    assertEquals(linesOf("mudpie_request_duration_seconds", text), []);
  });

  it("tells of each worker in base units", () => {
    const text = prometheusText(exposed());
    for (
      const line of [
        'mudpie_worker_heap_bytes{worker="3"} 5000000',
        'mudpie_worker_heartbeat_age_seconds{worker="3"} 0.25',
        'mudpie_worker_event_loop_lag_seconds{worker="3"} 0.002',
      ]
    ) assertStringIncludes(text, `\n${line}\n`);
  });

  it("prometheusText() counts the connections on which no request has come", () => {
    const workers = [worker(1, { connectionsUnused: 2 }), worker(2, { connectionsUnused: 3 })];
    const text = prometheusText(exposed(undefined, { stats: stats(workers) }));
    assertEquals(linesOf("mudpie_connections_unused_total", text), [
      "mudpie_connections_unused_total 5",
    ]);
  });

  it("prometheusText() reports queue times as a histogram, if there are any", () => {
    const text = prometheusText(exposed((metrics) => {
      metrics.noteQueueTime(250);
      metrics.noteQueueTime(60_000);
    }));
    const lines = linesOf("mudpie_request_queue_seconds", text);
    assertEquals(lines.length, 17);
    for (
      const line of [
        'mudpie_request_queue_seconds_bucket{le="0.1"} 0',
        'mudpie_request_queue_seconds_bucket{le="0.25"} 1',
        'mudpie_request_queue_seconds_bucket{le="+Inf"} 2',
        "mudpie_request_queue_seconds_sum 60.25",
        "mudpie_request_queue_seconds_count 2",
      ]
    ) assert(lines.includes(line), line);
    assertEquals(linesOf("mudpie_request_queue_seconds", prometheusText(exposed())), []);
  });

  it("prometheusText() counts shed requests by reason", () => {
    const shed = { max_requests_in_flight: 2, max_event_loop_lag: 3 };
    const text = prometheusText(exposed(undefined, { stats: stats([worker(1, { shed })]) }));
    assertEquals(linesOf("mudpie_requests_shed_total", text), [
      'mudpie_requests_shed_total{reason="max_requests_in_flight"} 2',
      'mudpie_requests_shed_total{reason="max_event_loop_lag"} 3',
    ]);
  });

  it("prometheusText() reports WebSockets, their messages, and their ends by code", () => {
    const webSockets = {
      open: 2,
      opened: 5,
      messagesReceived: 7,
      messagesSent: 11,
      bytesReceived: 70,
      bytesSent: 110,
      panics: 1,
      closes: { "1000": 2, "1011": 1 },
    } as const;
    const fleet = stats([worker(1, { webSockets })]);
    const text = prometheusText(exposed(undefined, { stats: fleet }));
    const lines = linesOf("mudpie_websocket", text);
    assertEquals(lines.filter((line) => !line.endsWith(" 0")), [
      "mudpie_websockets_open 2",
      "mudpie_websockets_opened_total 5",
      'mudpie_websockets_closed_total{code="1000"} 2',
      'mudpie_websockets_closed_total{code="1011"} 1',
      'mudpie_websocket_messages_total{direction="received"} 7',
      'mudpie_websocket_messages_total{direction="sent"} 11',
      'mudpie_websocket_message_bytes_total{direction="received"} 70',
      'mudpie_websocket_message_bytes_total{direction="sent"} 110',
      "mudpie_websocket_panics_total 1",
    ]);
    assert(lines.includes('mudpie_websockets_closed_total{code="4xxx"} 0'));
  });

  it("tells how many workers do what, those that nobody does included", () => {
    const { stats: fleet } = exposed();
    const workers = [...fleet.workers, worker(4, { status: "draining" })];
    const text = prometheusText(exposed(undefined, { stats: { ...fleet, workers } }));
    assertEquals(linesOf("mudpie_workers", text), [
      "mudpie_workers_wanted 1",
      'mudpie_workers{status="starting"} 0',
      'mudpie_workers{status="standby"} 0',
      'mudpie_workers{status="accepting"} 1',
      'mudpie_workers{status="retiring"} 0',
      'mudpie_workers{status="draining"} 1',
    ]);
  });

  it("shows how many standbys are wanted", () => {
    const fleet = { ...stats([worker(1)]), standby: 3 };
    const text = prometheusText(exposed(undefined, { stats: fleet }));
    assertEquals(linesOf("mudpie_standbys", text), ["mudpie_standbys_wanted 3"]);
  });

  it("tells of replacements by cause, from 0 on", () => {
    const { stats: fleet } = exposed();
    const text = prometheusText(
      exposed(undefined, { stats: { ...fleet, replacements: { panic: 2, max_heap: 1 } } }),
    );
    const lines = linesOf("mudpie_worker_replacements_total", text);
    const line = (cause: string, count: number) =>
      `mudpie_worker_replacements_total{cause="${cause}"} ${count}`;
    for (const one of [line("panic", 2), line("max_heap", 1), line("crash", 0), line("hang", 0)]) {
      assert(lines.includes(one), one);
    }
  });

  it("tells of the process: whether it is ready, and since when it runs", () => {
    const text = prometheusText(exposed(undefined, { isReady: false }));
    assertStringIncludes(text, "\nmudpie_ready 0\n");
    assertStringIncludes(text, '\nmudpie_info{deno="2.9.6"} 1\n');
    assertStringIncludes(text, "\nprocess_start_time_seconds 1795000000.5\n");
  });

  it("has help and a type before each metric, and a line end behind all", () => {
    const text = prometheusText(exposed((metrics) => metrics.note("GET", 0, 200, 1)));
    assert(text.endsWith("\n"));
    const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name);
    assertEquals(new Set(families).size, families.length);
    for (const name of families) assert(text.includes(`# HELP ${name} `), name);
  });

  it("escapes what a label must not hold", () => {
    const text = prometheusText(exposed((metrics) => metrics.note("GET", 1, 200, 1)));
    assertStringIncludes(text, String.raw`{method="GET",route="/a\"b\\c",status="2xx"} 1`);
    assertEquals(escapeLabel('a\nb\\"'), String.raw`a\nb\\\"`);
  });

  const name = `is to the taste of promtool${PROMTOOL_HINDRANCE}`;
  it(name, { ignore: PROMTOOL_HINDRANCE !== "" }, async () => {
    const requests = (metrics: RequestMetrics) => {
      metrics.note("GET", 0, 200, 1);
      metrics.note("GET", 1, 200, 1e6);
      metrics.noteRefusal(undefined, 400);
    };
    assertEquals(await checkMetrics(prometheusText(exposed(requests))), "");
    assertEquals(await checkMetrics(prometheusText(exposed())), "");
  });
});
