/** How the events of every log are written down: by their type, and open for members that a later release adds. */
import * as z from "zod";

export const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.looseObject({ type: z.literal(type), ...shape });

/** A time or a length of time in milliseconds. */
export const ms = z.int();
