import { expect, it } from "vitest";
import { servedLine } from "./served-line.ts";

it.each([
  { name: "stays without a policy", policy: {}, says: "Ctrl-C ends it; the session stays." },
  { name: "stays where its policy says nothing of it", policy: { lifecycle: {} }, says: "Ctrl-C ends it; the session stays." },
  {
    name: "ends where its policy says so",
    policy: { lifecycle: { close_on_shutdown: true } },
    says: "Ctrl-C ends it; the session ends with it, as its policy says.",
  },
])("the session $name, and the line of its sidecar says so", ({ policy, says }) => {
  expect(servedLine({ policy }, "/repo", "ws://127.0.0.1:1/session/s")).toBe(`Serving /repo at ws://127.0.0.1:1/session/s. ${says}`);
});
