import { expect, it } from "vitest";
import { createListeners } from "./listeners.ts";

const LITTLE = { bytes: 100, resources: 1 };

it("lets one caller listen on half of the streams that there may be, and all on no more than those", () => {
  const listeners = createListeners({ mostStreams: 4 });

  const joined = ["ana", "ana", "ana", "bo", "cy", "cy"].map((who) => listeners.join(who, LITTLE) !== undefined);

  expect(joined).toEqual([true, true, false, true, true, false]);
});

it("has room again where a stream has ended, once for each", () => {
  const listeners = createListeners({ mostStreams: 2 });
  const first = listeners.join("ana", LITTLE);
  listeners.join("bo", LITTLE);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();

  expect([listeners.join("cy", LITTLE) !== undefined, listeners.join("ana", LITTLE)]).toEqual([true, undefined]);
});

it("keeps of one caller half of the bytes that may be kept, however few streams they are of, and counts each resource", () => {
  const listeners = createListeners({ mostBytes: 8_000 });
  const join = (who: string, bytes: number, resources = 0) => listeners.join(who, { bytes, resources });

  const long = join("ana", 3_000);
  const joined = [join("ana", 1_001), join("ana", 0, 4), join("bo", 4_000), join("cy", 1_000), join("cy", 1)];
  long?.[Symbol.dispose]();
  const again = join("ana", 3_000);

  expect(joined.map((one) => one !== undefined)).toEqual([false, false, true, true, false]);
  expect(again).toBeDefined();
});
