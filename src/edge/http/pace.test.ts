import { describe, expect, it } from "vitest";
import { createPace, networkOf } from "./pace.ts";

it("keeps as many buckets as it may, and gives up those that were not used for longest", () => {
  const pace = createPace({ perSecond: 1, burst: 1 }, () => 0, 2);
  const waits = ["ana", "bo", "ana", "cy", "ana", "bo"].map((key) => pace.waitMs(key));

  // Bo's was given up for cy's, because ana's was used since.
  expect(waits).toEqual([0, 0, 1_000, 0, 1_000, 0]);
});

describe("an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["", ""],
  ])("%s counts for %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
