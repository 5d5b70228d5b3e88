// A slot's claim to its socket file.

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SocketClaim } from "../../src/net/socket_claim.ts";

const CAN_MAKE_FILES = (["read", "write"] as const).every((name) =>
  Deno.permissions.querySync({ name }).state === "granted"
);

/** The information on two files that exist at the same time. */
function twoFiles(): [Deno.FileInfo, Deno.FileInfo] {
  const paths = [Deno.makeTempFileSync(), Deno.makeTempFileSync()];
  const [first, second] = paths.map((path) => Deno.lstatSync(path));
  for (const path of paths) Deno.removeSync(path);
  return [first, second];
}

describe("SocketClaim", { ignore: !CAN_MAKE_FILES }, () => {
  it("covers no file at first", () => {
    const [file] = twoFiles();
    assertEquals(new SocketClaim().covers(file), false);
  });

  it("covers the file that it was made for, and no other", () => {
    const [file, other] = twoFiles();
    const claim = SocketClaim.to(file);
    assertEquals([claim.covers(file), claim.covers(other)], [true, false]);
  });

  it("is the same claim in every view of its memory", () => {
    const [file] = twoFiles();
    const claim = new SocketClaim();
    const view = new SocketClaim(claim.memory);
    claim.goOver(file, () => {});
    assertEquals(view.covers(file), true);
  });

  it("covers the new file before goOver() moves it", () => {
    const [file, other] = twoFiles();
    const claim = SocketClaim.to(file);
    let coveredDuringMove: boolean[] = [];
    claim.goOver(other, () => coveredDuringMove = [claim.covers(file), claim.covers(other)]);
    assertEquals(coveredDuringMove, [false, true]);
  });

  it("covers the old file again if goOver() fails to move the new one", () => {
    const [file, other] = twoFiles();
    const claim = SocketClaim.to(file);
    assertThrows(
      () =>
        claim.goOver(other, () => {
          throw new Error("no move");
        }),
      Error,
      "no move",
    );
    assertEquals([claim.covers(file), claim.covers(other)], [true, false]);
  });
});
