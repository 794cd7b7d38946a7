/** `signalbox://lanes`: who holds which lane, and which claims were left behind. */
import type { JsonObject } from "../../wire/json.ts";
import { busStatus } from "../../wire/bus/requests.ts";
import { StatusView } from "../../wire/bus/views.ts";
import type { Resource } from "../resource.ts";
import { ofBus } from "./bus.ts";
import { fitting, JSON_TYPE, jsonContent, remark } from "./content.ts";

export const lanes: Resource = {
  uri: "signalbox://lanes",
  name: "lanes",
  title: "Lanes",
  description: "Lanes that are held, by whom, until when and by which fencing token; and claims that were left behind.",
  mimeType: JSON_TYPE,
  profile: "lanes",
  async read(ctx, _values, uri) {
    const members = await ofBus(ctx, busStatus(), (body) => {
      const { active_lanes, orphaned_claims } = StatusView.parse(body);
      const [held, left] = [fitting(active_lanes), fitting(orphaned_claims)];
      return {
        active_lanes: held.items,
        orphaned_claims: left.items,
        ...(remark(held.left + left.left, "get_bus_status has them all") as JsonObject),
      };
    });
    return jsonContent(uri, members);
  },
};
