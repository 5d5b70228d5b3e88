// The pages of the benchmark: text that is rendered anew for each request, as HTML and as JSON, with ASCII only and with more.
// Each page has exactly the number of bytes that its name states. Plain JavaScript, for every runtime.

const SIZES = { "1k": 1_024, "10k": 10_240, "64k": 65_536 };

/** A few sentences each; the second text needs one, two, three and four bytes for a character. */
const PARAGRAPHS = {
  ascii: "The Analytical Engine has no pretensions to originate anything. It can do whatever we " +
    "know how to order it to perform. It can follow analysis, but it has no power of anticipating " +
    "any analytical relations or truths. Its province is to assist us in making available what we " +
    "are already acquainted with.",
  unicode:
    "Die Maschine erhebt keinen Anspruch darauf, selbst etwas zu schöpfen: für 5 € rechnet sie, " +
    "was wir ihr auftragen. Она может следовать анализу. 解析機関は何かを創造するものではない。 " +
    "Elle n’a pas la faculté d’imaginer une vérité – c’est à nous d’y réfléchir 🙂.",
};

/**
 * @typedef {object} Article what an application has read from its database
 * @property {string} title
 * @property {string[]} paragraphs
 */

/**
 * An article as a page, made of a template as applications have it.
 * @param {Article} article
 * @returns {string}
 */
function htmlOf({ title, paragraphs }) {
  const text = paragraphs.map((paragraph, index) => `<p id="p${index}">${paragraph}</p>`);
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
<h1>${title}</h1>
${text.join("\n")}
</body>
</html>
`;
}

/**
 * An article as an API has it: the response makes it JSON.
 * @param {Article} article
 */
function valueOf({ title, paragraphs }) {
  return { title, paragraphs: paragraphs.map((text, index) => ({ id: `p${index}`, text })) };
}

/**
 * An article that has so many bytes once it is rendered.
 * @param {number} bytes
 * @param {string} paragraph
 * @param {(article: Article) => string} render
 * @returns {Article}
 */
function articleOf(bytes, paragraph, render) {
  const encoder = new TextEncoder();
  /** @param {string[]} paragraphs */
  const missing = (paragraphs) =>
    bytes - encoder.encode(render({ title: "Notes", paragraphs })).length;
  let paragraphs = [paragraph];
  while (missing([...paragraphs, paragraph]) >= 0) paragraphs = [...paragraphs, paragraph];
  const last = paragraph + "x".repeat(missing(paragraphs));
  return { title: "Notes", paragraphs: [...paragraphs.slice(0, -1), last] };
}

/**
 * Calls `make` when its result is first needed: servers that render no page start as fast as without any.
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function lazily(make) {
  /** @type {T | undefined} */
  let made;
  return () => made ??= make();
}

/**
 * The articles in all sizes and both texts.
 * @param {string} format what their names begin with
 * @param {(article: Article) => string} render
 */
function articles(format, render) {
  return Object.entries(SIZES).flatMap(([size, bytes]) =>
    Object.entries(PARAGRAPHS).map(([text, paragraph]) => ({
      name: `${format}-${size}-${text}`,
      path: `/pages/${format}-${size}-${text}`,
      bytes,
      article: lazily(() => articleOf(bytes, paragraph, render)),
    }))
  );
}

/** The pages of HTML; `render` returns a new string each time. */
export const HTML_PAGES = articles("html", htmlOf)
  .map(({ article, ...page }) => ({ ...page, render: () => htmlOf(article()) }));

/** The pages of JSON; `value` returns a new object each time, and the response turns it into text. */
export const JSON_PAGES = articles("json", (article) => JSON.stringify(valueOf(article)))
  .map(({ article, ...page }) => ({ ...page, value: () => valueOf(article()) }));
