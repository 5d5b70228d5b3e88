// The text of the Date field (RFC 9110, section 6.6.1), made once a second and handed to the
// encoder.

/**
 * The Date field counts whole seconds (RFC 9110, section 5.6.7), so its text is made at most once
 * in each.
 */
const DATE_LIFETIME_MS = 1_000;

/** Makes the text of the Date field anew when the second has changed. */
export class DateField {
  #second = NaN;

  /**
   * The text for that time, in milliseconds since 1970, as IMF-fixdate; undefined while the last
   * one is still right.
   */
  renew(nowMs: number): string | undefined {
    const second = Math.floor(nowMs / DATE_LIFETIME_MS);
    if (second === this.#second) return undefined;
    this.#second = second;
    return new Date(second * DATE_LIFETIME_MS).toUTCString();
  }
}
