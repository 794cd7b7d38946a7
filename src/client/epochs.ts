/**
 * Which words of the coordinator count: a higher epoch is a later one in office, and what one of before it still says is
 * dropped (SPEC 8.1.1.4, 11.4).
 *
 * SESSION_INFO of a new connection begins anew, at whatever epoch it has: the sidecar was just found by its files or its
 * address, and where the log was set aside the next session begins at 1. Equal epochs are one coordinator, whose words come
 * in order over one connection.
 */
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";

const COORDINATOR = "service:coordinator-";

export interface Epochs {
  /** Whether the message counts; it does unless an older coordinator says it. */
  admits(envelope: InboundEnvelope): boolean;
}

export function createEpochs(): Epochs {
  let current = 0;
  return {
    admits({ message_type, sender, coordinator_epoch: epoch }) {
      if (epoch === undefined || !sender.principal_id.startsWith(COORDINATOR)) return true;
      if (message_type === "SESSION_INFO") current = epoch;
      if (epoch < current) return false;
      current = epoch;
      return true;
    },
  };
}
