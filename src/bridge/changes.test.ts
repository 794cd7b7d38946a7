import { describe, expect, it } from "vitest";
import { aboutWhat, type Heard } from "./changes.ts";

const NAMES = ["session", "intents", "conflicts", "inbox", "file/src/a.ts", "lanes", "board"];
const told = (type: string) => ({ message_type: type, message_id: "m1", sender: { principal_id: "bo" }, payload: {} }) as Heard;

describe("what may say something else", () => {
  it.each<{ what: string; about: readonly string[] }>([
    { what: "HELLO", about: ["session"] },
    { what: "GOODBYE", about: ["session"] },
    { what: "INTENT_ANNOUNCE", about: ["session", "intents", "file/src/a.ts"] },
    { what: "INTENT_CLAIM", about: ["session", "intents", "inbox", "file/src/a.ts"] },
    { what: "INTENT_CLAIM_STATUS", about: ["session", "intents", "inbox", "file/src/a.ts"] },
    { what: "OP_COMMIT", about: ["intents", "file/src/a.ts"] },
    { what: "CONFLICT_REPORT", about: ["session", "conflicts", "inbox"] },
    { what: "RESOLUTION", about: ["session", "conflicts", "inbox"] },
    { what: "PROTOCOL_ERROR", about: ["session", "intents", "file/src/a.ts"] },
    { what: "HEARTBEAT", about: [] },
    { what: "SOMETHING_NEW", about: [] },
    { what: "mail", about: ["inbox"] },
    { what: "joined", about: ["session", "intents", "conflicts", "inbox", "file/src/a.ts"] },
  ])("after $what is $about", ({ what, about }) => {
    const isAbout = aboutWhat(what === "mail" || what === "joined" ? what : told(what));

    expect(NAMES.filter((name) => isAbout(`signalbox://${name}`))).toEqual(about);
  });
});
