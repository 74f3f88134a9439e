import type { OperatorRole } from "../token.ts";
import { EdgeApi } from "./api.ts";
import { DEFAULT_FOLDER, openFolder } from "./network/folder.ts";
import { askHealth } from "./supervise/status.ts";
import { UserError } from "./user-error.ts";

/** Whom a command talks to: a network's folder, or an edge by its address with a token. */
export interface TargetOptions {
  readonly dir?: string;
  readonly edge?: string;
  readonly token?: string;
}

/** The named edge, or the first one of the network that answers. */
export async function targetApi(options: TargetOptions, role: OperatorRole): Promise<EdgeApi> {
  const token = options.token ?? process.env["REDBUTTON_TOKEN"];
  if (options.edge !== undefined && /^https?:/.test(options.edge)) {
    if (token === undefined)
      throw new UserError(`talking to "${options.edge}" needs a token: --token or REDBUTTON_TOKEN`);
    return new EdgeApi(options.edge, token);
  }
  const folder = openFolder(options.dir ?? DEFAULT_FOLDER);
  const asked = await Promise.all(
    folder.edgesNamed(options.edge).map(async (edge) => ({ edge, health: await askHealth(edge.address) })),
  );
  const found = asked.find(({ health }) => health?.ready) ?? asked.find(({ health }) => health);
  if (!found) throw new UserError(`no edge of "${folder.path}" answers: is \`redbutton up\` running?`);
  return new EdgeApi(found.edge.address, token ?? folder.operatorToken(role));
}
