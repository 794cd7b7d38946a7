import { expect, it } from "vitest";
import { createListeners } from "./listeners.ts";

it("lets one caller listen on half of the streams that there may be, and all on no more than those", () => {
  const listeners = createListeners(4);

  const joined = ["ana", "ana", "ana", "bo", "cy", "cy"].map((who) => listeners.join(who) !== undefined);

  expect(joined).toEqual([true, true, false, true, true, false]);
});

it("has room again where a stream has ended, once for each", () => {
  const listeners = createListeners(2);
  const first = listeners.join("ana");
  listeners.join("bo");
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();

  expect([listeners.join("cy") !== undefined, listeners.join("dan")]).toEqual([true, undefined]);
});
