/** How urgent something is that somebody waits for, a task or a lane: the least urgent first. */
export const PRIORITIES = ["low", "normal", "high", "critical"] as const;
export type Priority = (typeof PRIORITIES)[number];
