// Loads the unit tests in a few parts. Deno runs each test file in a thread of its own, and before its first test that costs 65 ms
// of processor time and 80 MB of memory: 10 s for 160 files. So `deno task test:unit` names the files of this folder, each of
// which loads a part of all tests into one thread. `deno test` finds none of them by itself.

/** The folders of tests that are no unit tests. */
const OTHERS = ["bench", "e2e", "fuzz", "programs", "slow"];

const folder = new URL("./", import.meta.url);
const tests = new URL("../", import.meta.url);

/** Registers the tests of a part: one of the files `part_*.ts` in this folder. */
export async function loadPart(url: string): Promise<void> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const parts = names.filter((name) => /^part_\d+\.ts$/.test(name)).sort();
  const index = parts.indexOf(url.slice(url.lastIndexOf("/") + 1));
  for (const file of divideUnitTests(parts.length)[index]) await import(file.href);
}

/** Returns the files of the unit tests in so many parts. Each thread comes to the same parts. */
export function divideUnitTests(count: number): URL[][] {
  return divide([...findTests(tests)], count);
}

/** An import of a file beside it or below. */
const IMPORT = /^(?:import .*|\}) from "(\.\/[^"]+)";$/gm;

interface Sized {
  readonly url: URL;
  readonly bytes: number;
}

function* findTests(parent: URL): Generator<Sized> {
  for (const { name, isDirectory } of Deno.readDirSync(parent)) {
    if (isDirectory && !OTHERS.includes(name)) yield* findTests(new URL(`${name}/`, parent));
    const url = new URL(name, parent);
    if (name.endsWith("_test.ts")) yield { url, bytes: countBytes(url) };
  }
}

/** Counts the bytes of a file, and of the files beside it and below that it imports: some tests have their cases there. */
function countBytes(url: URL, counted = new Set<string>()): number {
  if (counted.has(url.href)) return 0;
  counted.add(url.href);
  const source = Deno.readTextFileSync(url);
  const imports = source.matchAll(IMPORT).map(([, path]) => new URL(path, url));
  return imports.reduce((bytes, each) => bytes + countBytes(each, counted), source.length);
}

/** Divides files into parts of about one size: a long file tends to take long. */
function divide(files: readonly Sized[], count: number): URL[][] {
  const parts = Array.from({ length: count }, () => ({ bytes: 0, urls: [] as URL[] }));
  const byName = (a: Sized, b: Sized) => a.url.href < b.url.href ? -1 : 1;
  for (const { url, bytes } of files.toSorted((a, b) => b.bytes - a.bytes || byName(a, b))) {
    const smallest = parts.reduce((least, part) => part.bytes < least.bytes ? part : least);
    smallest.bytes += bytes;
    smallest.urls.push(url);
  }
  return parts.map(({ urls }) => urls);
}
