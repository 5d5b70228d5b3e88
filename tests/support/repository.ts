// Reads the files of this repository, for the tests that check how it is laid out.

/** The text of each file, by its path from the top of the repository. */
export type Sources = ReadonlyMap<string, string>;

const repository = new URL("../../", import.meta.url);

/**
 * Reads the files of a folder and of the folders in it whose path matches `pattern`.
 *
 * @param folder Its path from the top of the repository, with a slash at the end; "" is the top.
 */
export async function readTree(folder: string, pattern = /(?:)/): Promise<Sources> {
  const files = new Map<string, string>();
  const readFolder = async (folder: string) => {
    for await (const { name, isDirectory, isFile } of Deno.readDir(new URL(folder, repository))) {
      const path = folder + name;
      if (isDirectory && path !== ".git") await readFolder(`${path}/`);
      if (isFile && pattern.test(path)) {
        files.set(path, await Deno.readTextFile(new URL(path, repository)));
      }
    }
  };
  await readFolder(folder);
  return files;
}
