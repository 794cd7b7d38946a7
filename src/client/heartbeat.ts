/**
 * The sign of life that the session's rules ask for (SPEC 14.3), and with it whether its sender has work in hand.
 */
import type { SessionInfo } from "./inbound.ts";

/** Milliseconds between two signs of life when the session does not say (SPEC 14.3). */
const DEFAULT_MS = 30_000;

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
      timer = setInterval(() => beat(status), intervalMs(info));
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

/** Milliseconds between two beats as the session has it; anything that is no time from 10 ms to a day is not heeded. */
function intervalMs(info: SessionInfo): number {
  const policy = info["liveness_policy"] as { readonly heartbeat_interval_sec?: unknown } | null | undefined;
  const ms = Number(policy?.heartbeat_interval_sec) * 1_000;
  return ms >= 10 && ms <= 86_400_000 ? ms : DEFAULT_MS;
}
