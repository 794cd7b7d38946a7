/**
 * Who takes part in a session without a connection of its own, because this process speaks for it: its name is held as one
 * with a connection is, and it hears what would be sent there, as it is and in no frame.
 */
import { isSameFamily } from "../../core/session/read.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Outbound } from "./relay.ts";
import type { Audience } from "./sayings.ts";

/** A message as it is heard here: what an envelope says, and who says it. */
export interface Heard {
  readonly message_type: string;
  readonly sender: { readonly principal_id: string };
  readonly payload: JsonObject;
}

/** Held until it is disposed. */
export interface Seat extends Disposable {
  readonly principal: PrincipalId;
}

interface Taken extends Seat {
  readonly hear: (heard: Heard) => void;
}

export interface Seats {
  /** @param held - disposed of with the seat */
  take(principal: PrincipalId, hear: (heard: Heard) => void, held: Disposable): Seat;
  isTaken(principal: PrincipalId): boolean;
  /** Names of the family that others have seats under. */
  inFamilyOf(principal: PrincipalId, but?: Seat): PrincipalId[];
  /** Tells those whom it concerns; not the sender, who knows it. */
  hear(outbound: Outbound, sender: string | undefined, coordinator: string, arbiters: () => readonly string[]): void;
}

export function createSeats(): Seats {
  const taken = new Set<Taken>();
  const counts = new Map<PrincipalId, number>();

  function count(principal: PrincipalId, more: 1 | -1): void {
    const now = (counts.get(principal) ?? 0) + more;
    if (now === 0) counts.delete(principal);
    else counts.set(principal, now);
  }

  return {
    take(principal, hear, held) {
      const seat: Taken = {
        principal,
        hear,
        [Symbol.dispose]() {
          if (!taken.delete(seat)) return;
          count(principal, -1);
          held[Symbol.dispose]();
        },
      };
      taken.add(seat);
      count(principal, 1);
      return seat;
    },
    isTaken: (principal) => counts.has(principal),
    inFamilyOf: (principal, but) =>
      [...taken].filter((seat) => seat !== but && isSameFamily(seat.principal, principal)).map((seat) => seat.principal),
    hear(outbound, sender, coordinator, arbiters) {
      if (taken.size === 0 || outbound.kind === "sideband") return;
      const heard = heardOf(outbound, coordinator);
      const isMeant = among(outbound.audience, arbiters);
      for (const seat of taken) {
        if (outbound.kind === "relay" && seat.principal === sender) continue;
        if (isMeant(seat.principal)) seat.hear(heard);
      }
    },
  };
}

function heardOf(outbound: Exclude<Outbound, { kind: "sideband" }>, coordinator: string): Heard {
  if (outbound.kind === "relay") return outbound.message as unknown as Heard;
  return { message_type: outbound.type, sender: { principal_id: coordinator }, payload: outbound.payload };
}

function among(audience: Audience, arbiters: () => readonly string[]): (principal: string) => boolean {
  switch (audience.kind) {
    case "everyone":
    case "others":
      return () => true;
    case "except":
      return (principal) => principal !== audience.principal;
    case "only":
      return (principal) => audience.principals.includes(principal);
    case "parties": {
      const judges = new Set([...audience.principals, ...arbiters()]);
      return (principal) => judges.has(principal);
    }
  }
}
