import { describe, expect, it } from "vitest";
import type { BusChange } from "../client/bus-events.ts";
import { aboutWhat, type Heard } from "./changes.ts";
import { isOfBoard, isTold } from "./told.ts";

const NAMES = ["session", "intents", "conflicts", "inbox", "file/src/a.ts", "lanes", "board", "board?topic=ci"];
const told = (type: string) => ({ message_type: type, message_id: "m1", sender: { principal_id: "bo" }, payload: {} }) as Heard;

describe("what may say something else", () => {
  it.each<{ what: string; about: readonly string[] }>([
    { what: "HELLO", about: ["session", "lanes"] },
    { what: "GOODBYE", about: ["session", "lanes"] },
    { what: "COORDINATOR_STATUS", about: ["session"] },
    { what: "INTENT_ANNOUNCE", about: ["session", "intents", "file/src/a.ts"] },
    { what: "INTENT_CLAIM", about: ["session", "intents", "inbox", "file/src/a.ts"] },
    { what: "INTENT_CLAIM_STATUS", about: ["session", "intents", "inbox", "file/src/a.ts"] },
    { what: "OP_COMMIT", about: ["intents", "file/src/a.ts"] },
    { what: "CONFLICT_REPORT", about: ["session", "conflicts", "inbox"] },
    { what: "RESOLUTION", about: ["session", "conflicts", "inbox"] },
    { what: "PROTOCOL_ERROR", about: ["session", "intents", "file/src/a.ts", "lanes"] },
    { what: "HEARTBEAT", about: [] },
    { what: "SOMETHING_NEW", about: [] },
    { what: "mail", about: ["inbox"] },
    { what: "joined", about: ["session", "intents", "conflicts", "inbox", "file/src/a.ts"] },
  ])("after $what is $about", ({ what, about }) => {
    const isAbout = aboutWhat(what === "mail" || what === "joined" ? what : told(what));

    expect(NAMES.filter((name) => isAbout(`signalbox://${name}`))).toEqual(about);
  });

  it.each<{ what: string; changes: readonly BusChange[] | undefined; about: readonly string[] }>([
    { what: "a lane is claimed", changes: [{ change: "lane_claimed" }], about: ["lanes"] },
    { what: "a claim waits", changes: [{ change: "claim_waiting" }], about: ["lanes"] },
    { what: "a message is posted", changes: [{ change: "message_posted", topic: "ci" }], about: ["board", "board?topic=ci"] },
    { what: "one of another topic is", changes: [{ change: "message_posted", topic: "c" }], about: ["board"] },
    { what: "one asks for a person", changes: [{ change: "message_posted", topic: "c", action_flag: true }], about: ["inbox", "board"] },
    { what: "one is acknowledged", changes: [{ change: "message_acknowledged" }], about: ["inbox", "board", "board?topic=ci"] },
    { what: "it is not known what", changes: undefined, about: ["inbox", "lanes", "board", "board?topic=ci"] },
    { what: "nothing is told", changes: [], about: [] },
  ])("when on the bus $what is $about", ({ changes, about }) => {
    const isAbout = aboutWhat({ onBoard: changes });

    expect(NAMES.filter((name) => isAbout(`signalbox://${name}`))).toEqual(about);
  });

  it("of a topic is one thing, however its address is written", () => {
    expect(aboutWhat({ onBoard: [{ change: "message_posted", topic: "a b" }] })("signalbox://board?topic=a%20b")).toBe(true);
  });
});

describe("what a bridge is told of", () => {
  it("is everything that is there, but nothing of a bus that is not the session's", () => {
    const told = (env: NodeJS.ProcessEnv) => [...NAMES, "nothing"].filter((name) => isTold(`signalbox://${name}`, env));

    expect(told({})).toEqual(NAMES);
    expect(told({ BUS_MCP_BASE_URL: "https://bus.example" })).toEqual(["session", "intents", "conflicts", "inbox", "file/src/a.ts"]);
    expect(NAMES.filter((name) => isOfBoard(`signalbox://${name}`, {}))).toEqual(["inbox", "lanes", "board", "board?topic=ci"]);
    expect(NAMES.filter((name) => isOfBoard(`signalbox://${name}`, { BUS_MCP_BASE_URL: "https://bus.example" }))).toEqual([]);
  });
});
