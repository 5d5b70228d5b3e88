// Makes the text of the Date field (RFC 9110, section 6.6.1), once a second.

/**
 * The Date field counts whole seconds (RFC 9110, section 5.6.7), so its text is made at most once
 * in each.
 */
const DATE_LIFETIME_MS = 1_000;

/** The text of the Date field. */
export class DateField {
  #second = NaN;

  /**
   * Returns the text for a time, in milliseconds since 1970, as an IMF-fixdate. Returns undefined
   * if the last text is still correct.
   */
  renew(nowMs: number): string | undefined {
    const second = Math.floor(nowMs / DATE_LIFETIME_MS);
    if (second === this.#second) return undefined;
    this.#second = second;
    return new Date(second * DATE_LIFETIME_MS).toUTCString();
  }
}
