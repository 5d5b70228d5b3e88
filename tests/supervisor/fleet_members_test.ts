// The workers of a fleet: what is counted, and in which order a surplus is drained.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FleetMembers, type Member } from "../../src/supervisor/fleet_members.ts";
import type { WorkerState } from "../../src/supervisor/fleet_protocol.ts";

const TIMES = { since: 0, lastHeartbeat: 0 };
const STARTING: WorkerState = { kind: "starting", hasLoaded: false, isStandby: false };
const LOADING_STANDBY: WorkerState = { kind: "starting", hasLoaded: false, isStandby: true };
const STANDBY: WorkerState = { kind: "standby", since: 0 };
const ACCEPTING: WorkerState = { kind: "accepting", ...TIMES };
const RETIRING: WorkerState = { kind: "retiring", cause: "panic", ...TIMES };
const HUNG: WorkerState = { kind: "retiring", cause: "hang", ...TIMES };

function membersOf(...states: readonly (readonly [state: WorkerState, slot?: number])[]) {
  const members = new FleetMembers();
  states.forEach(([state, slot], index) => {
    const member: Member = {
      worker: index + 1,
      startedAt: 0,
      recycleShare: 1,
      webSocketsOpen: 0,
      isPostponed: false,
      isPromoted: false,
      state,
      slot,
    };
    members.add(member);
  });
  return members;
}

describe("FleetMembers", () => {
  it("drains hung workers first, then those whose slot is taken over, then the newest", () => {
    const members = membersOf(
      [ACCEPTING, 1],
      [RETIRING, 2],
      [RETIRING, 1],
      [HUNG, 3],
      [ACCEPTING, 4],
      [STARTING],
    );
    assertEquals(members.inDrainOrder().map(({ worker }) => worker), [4, 3, 2, 5, 1]);
  });

  it("counts workers by state, and apart those that serve until they are replaced", () => {
    const members = membersOf([ACCEPTING], [RETIRING], [HUNG], [STARTING], [ACCEPTING]);
    assertEquals([members.size, members.count("accepting"), members.count("retiring")], [5, 2, 2]);
    assertEquals(members.countRetiringThatServe(), 1);
    assertEquals([members.remove(2), members.remove(2)], [true, false]);
    assertEquals(members.countRetiringThatServe(), 0);
  });

  it("lists the standbys that wait before those that load, and counts apart who starts to serve", () => {
    const members = membersOf([LOADING_STANDBY], [STANDBY], [STARTING], [STANDBY], [ACCEPTING]);
    assertEquals(members.standbys().map(({ worker }) => worker), [2, 4, 1]);
    assertEquals([members.countStartingToServe(), members.count("starting")], [1, 2]);
  });

  it("lists its members as they were, whatever comes and goes meanwhile", () => {
    const members = membersOf([ACCEPTING], [ACCEPTING]);
    const list = members.list();
    members.remove(1);
    assertEquals([list.length, members.size, [...members.states().keys()]], [2, 1, [2]]);
  });
});
