// The script of the page for people: it hears the server's events and shows them.
// It is JavaScript, because the browser runs this very text: page.ts puts the functions and classes of the page_script files into
// the page as they are written. So each needs nothing from outside of itself but what it is given.

/** Follows the fleet for as long as the page is open and visible. */
export class FleetPage {
  /** A sample comes every second, so after that time the server is lost even if nothing has said so. */
  static #SILENCE_MS = 5_000;
  static #RETRY_MS = 2_000;

  #plots;
  #view;
  #source;
  #watching;
  #heardAt = Date.now();
  #triedAt = Date.now();
  #isLost = false;

  constructor(plots, view) {
    this.#plots = plots;
    this.#view = view;
    this.#follow();
    document.addEventListener("visibilitychange", () => this.#followVisibility());
  }

  #follow() {
    this.#connect();
    this.#watching = setInterval(() => this.#watch(), FleetPage.#RETRY_MS);
  }

  #connect() {
    this.#triedAt = Date.now();
    const source = this.#source = new EventSource("/events");
    const on = (kind, show) =>
      source.addEventListener(kind, (event) => {
        this.#heard();
        show(JSON.parse(event.data));
      });
    on("history", (history) => this.#showHistory(history));
    on("sample", ({ sample, now }) => {
      this.#plots.add(sample);
      this.#view.show(now, this.#plots.latest);
    });
    on("fleet", (event) => this.#view.addEvent(event));
    source.addEventListener("error", () => this.#lost());
  }

  /** History is all that the server knows, so a server that was started anew begins anew here. */
  #showHistory({ samples, events, now }) {
    this.#view.showEvents(events);
    this.#plots.show(samples);
    this.#view.show(now, this.#plots.latest);
  }

  #heard() {
    this.#heardAt = Date.now();
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#view.showFound();
  }

  #lost() {
    this.#isLost = true;
    this.#view.showLost(Date.now() - this.#heardAt);
  }

  /** A browser gives up a source that was answered with an error, and does not notice one that is silent. */
  #watch() {
    if (this.#isLost) this.#lost();
    const isSilent = Date.now() - Math.max(this.#heardAt, this.#triedAt) > FleetPage.#SILENCE_MS;
    if (!isSilent && this.#source.readyState !== EventSource.CLOSED) return;
    this.#lost();
    this.#source.close();
    this.#connect();
  }

  /** A browser has few connections to one server. A hidden page must not keep one of them from a visible page. */
  #followVisibility() {
    this.#source.close();
    clearInterval(this.#watching);
    if (!document.hidden) this.#follow();
  }
}
