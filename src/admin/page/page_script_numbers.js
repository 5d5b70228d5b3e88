// Writes numbers for people. It runs in the browser, as page_script.js describes.

/** Makes the functions that write numbers. */
export function createNumbers() {
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
    const amount = value / 1_048_576;
    return (amount < 10 ? amount.toFixed(1) : Math.round(amount).toLocaleString("en")) + " MiB";
  }

  function bytes(value) {
    if (value < 1_024) return value + " B";
    if (value < 1_048_576) return (value / 1_024).toFixed(1) + " KiB";
    return megabytes(value);
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

  return { count, milliseconds, megabytes, bytes, duration };
}
