import { describe, expect, it } from "vitest";
import { readEnvelope } from "../../wire/peer/canonical.ts";
import vectors from "../../wire/peer/vectors.test.fixture.json" with { type: "json" };
import { isSigned, signed } from "./signature.ts";
import { SECRET, unsignedEnvelope } from "./broker.test.fixture.ts";

const envelope = readEnvelope(unsignedEnvelope("1", '{"t":1.0}')) as NonNullable<ReturnType<typeof readEnvelope>>;

it.each(vectors)("signs as the original does: $name", ({ wire_input, secret, hmac }) => {
  const read = readEnvelope(wire_input);

  expect(read && signed(read, secret).hmac).toBe(hmac);
});

it("takes its own signature, in capitals too, and after a relay", () => {
  const own = signed(envelope, SECRET);

  expect([own, { ...own, hmac: own.hmac.toUpperCase() }].map((one) => isSigned(one, SECRET))).toEqual([true, true]);
  expect(isSigned({ ...own, body: ' {"t" : 1.0}' }, SECRET)).toBe(true);
});

describe("refuses a message", () => {
  const own = signed(envelope, SECRET);

  it.each([
    { name: "of another sender", forged: { ...own, from: "cy" } },
    { name: "for another recipient", forged: { ...own, to: "cy" } },
    { name: "with another spelling of its body", forged: { ...own, body: '{"t":1}' } },
    { name: "without an HMAC", forged: { ...own, hmac: "" } },
    { name: "with a cut HMAC", forged: { ...own, hmac: own.hmac.slice(2) } },
    { name: "with an HMAC that is no hex", forged: { ...own, hmac: "z".repeat(64) } },
  ])("$name", ({ forged }) => {
    expect(isSigned(forged, SECRET)).toBe(false);
  });

  it("of somebody with another secret", () => {
    expect(isSigned(own, SECRET.toUpperCase())).toBe(false);
  });
});
