// Draws the plots of the last minutes. It runs in the browser, as page_script.js describes.

/** The plots: requests per second, latency, heap. */
export class Plots {
  static #SPAN_MS = 300_000;
  static #WIDTH = 300;
  static #HEIGHT = 100;
  /** The lowest latency that is shown: the first bucket of the histogram does not distinguish lower ones. */
  static #LEAST_MS = 0.1;
  static #BYTES_PER_MEGABYTE = 1_048_576;

  #plots;
  #samples = [];

  constructor(numbers) {
    this.#plots = [this.#requests(numbers), this.#latency(numbers), this.#heap(numbers)];
  }

  /** The newest sample; undefined before the first one. */
  get latest() {
    return this.#samples.at(-1);
  }

  /** Shows these samples, in place of all before. */
  show(samples) {
    this.#samples = samples;
    for (const plot of this.#plots) this.#draw(plot);
  }

  /** Shows one more sample, and forgets those that are too old for the plots. */
  add(sample) {
    const isYoung = ({ at }) => sample.at - at <= Plots.#SPAN_MS;
    this.show([...this.#samples, sample].filter(isYoung));
  }

  #requests({ count }) {
    return {
      id: "plot-requests",
      lines: [{
        name: "requests",
        title: "Requests per second",
        of: (sample) => sample.requestsPerSecond,
        isFilled: true,
      }],
      scaleTo: (highest) => this.#linearScale(highest, 1),
      write: count,
    };
  }

  #latency({ milliseconds }) {
    return {
      id: "plot-latency",
      lines: [
        { name: "p99", title: "99 of a hundred within", of: (sample) => sample.p99Ms },
        { name: "p50", title: "half within", of: (sample) => sample.p50Ms },
      ],
      scaleTo: (highest) => this.#decadeScale(highest, Plots.#LEAST_MS),
      write: milliseconds,
    };
  }

  #heap({ megabytes }) {
    return {
      id: "plot-heap",
      lines: [{
        name: "heap",
        title: "Heap of all workers",
        // The heap is unknown before the first heartbeat.
        of: (sample) => sample.heapBytes === 0 ? null : sample.heapBytes,
        isFilled: true,
      }],
      scaleTo: (highest) => this.#linearScale(highest, Plots.#BYTES_PER_MEGABYTE),
      write: megabytes,
    };
  }

  /** A scale from 0 up, on which a value has its share of the height. */
  #linearScale(highest, unit) {
    const top = highest > 0 ? this.#roundUp(highest / unit) * unit : unit;
    return { ticks: [top, top / 2, 0], shareOf: (value) => value / top };
  }

  /** A scale of decades, because the median and the slowest requests seldom take times of one size. */
  #decadeScale(highest, lowest) {
    const decades = Math.max(1, Math.ceil(Math.log10(highest / lowest)));
    return {
      ticks: Array.from({ length: decades + 1 }, (_, i) => lowest * 10 ** (decades - i)),
      shareOf: (value) => Math.log10(value / lowest) / decades,
    };
  }

  /** The next of 1, 2, 5, 10, 20, 50 and so on: a scale that people can read. */
  #roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
  }

  #draw({ id, lines, scaleTo, write }) {
    const [labels, svg] = document.getElementById(id).children;
    const values = lines.flatMap(({ of }) => this.#samples.map((sample) => of(sample) ?? 0));
    const highest = Math.max(...values);
    const { ticks, shareOf } = scaleTo(highest);
    const yOf = (value) => (1 - Math.max(0, Math.min(1, shareOf(value)))) * Plots.#HEIGHT;
    labels.replaceChildren(...ticks.map((value) => this.#label(value === 0 ? "0" : write(value))));
    svg.replaceChildren();
    for (const value of ticks) this.#addPath(svg, "grid", `M0 ${yOf(value)}H${Plots.#WIDTH}`);
    for (const line of lines) this.#drawLine(svg, line, yOf);
    const { latest } = this;
    if (latest === undefined) return;
    const texts = lines.map(({ title, of }) => `${title} ${write(of(latest) ?? 0)}`);
    svg.setAttribute("aria-label", `${texts.join(", ")}; the highest is ${write(highest)}`);
  }

  #label(text) {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }

  #drawLine(svg, { name, of, isFilled }, yOf) {
    const points = this.#samples.map((sample) => {
      const value = of(sample);
      const x = (1 - (this.latest.at - sample.at) / Plots.#SPAN_MS) * Plots.#WIDTH;
      return { x, y: value === null ? null : yOf(value) };
    });
    for (const stretch of this.#stretches(points.filter(({ x }) => x >= 0))) {
      this.#drawStretch(svg, name, stretch, isFilled);
    }
  }

  /** The stretches of points without a gap: some samples have no value. */
  #stretches(points) {
    const found = [[]];
    for (const point of points) {
      if (point.y === null) found.push([]);
      else found.at(-1).push(point);
    }
    return found.filter((stretch) => stretch.length > 0);
  }

  #drawStretch(svg, name, stretch, isFilled) {
    const [first] = stretch;
    const line = "M" + stretch.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    // A line through one point would not be visible.
    if (stretch.length === 1) return this.#addPath(svg, `${name} dot`, line + "h0.01");
    if (isFilled) {
      this.#addPath(svg, `${name} area`, `${line}V${Plots.#HEIGHT}H${first.x.toFixed(1)}Z`);
    }
    this.#addPath(svg, name, line);
  }

  #addPath(svg, name, data) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", name);
    path.setAttribute("d", data);
    svg.append(path);
  }
}
