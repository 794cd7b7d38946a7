/**
 * The sign of life that the session's rules ask for (SPEC 14.3), and with it whether its sender has work in hand.
 */
import * as z from "zod";
import type { SessionInfo } from "./inbound.ts";

/** Milliseconds between two signs of life when the session does not say (SPEC 14.3). */
const DEFAULT_MS = 30_000;

const Liveness = z.looseObject({ liveness_policy: z.looseObject({ heartbeat_interval_sec: z.number().min(0.01).max(86_400) }) });

export type Status = "idle" | "working";

export interface Heartbeat {
  /** Beats at the session's interval from now on. */
  begin(info: SessionInfo): void;
  /** Whether the next beats say that there is work. */
  show(working: boolean): void;
  end(): void;
}

export function createHeartbeat(beat: (status: Status) => void): Heartbeat {
  let status: Status = "idle";
  let timer: NodeJS.Timeout | undefined;
  return {
    begin(info) {
      clearInterval(timer);
      const policy = Liveness.safeParse(info).data?.liveness_policy;
      timer = setInterval(() => beat(status), policy === undefined ? DEFAULT_MS : policy.heartbeat_interval_sec * 1_000);
      timer.unref();
    },
    show(working) {
      status = working ? "working" : "idle";
    },
    end() {
      clearInterval(timer);
    },
  };
}
