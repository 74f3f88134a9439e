import { say } from "./output.ts";
import { controlPath, askControl } from "./supervise/control.ts";
import { DEFAULT_FOLDER, openFolder } from "./network/folder.ts";
import { UserError } from "./user-error.ts";

/** Ends a member of the running `up` as by `kill -9`, to see what the others do. */
export async function kill(name: string, options: { readonly dir?: string }): Promise<void> {
  const folder = openFolder(options.dir ?? DEFAULT_FOLDER);
  const answer = await askControl(controlPath(folder.path), { ask: "kill", name });
  if (!answer) throw new UserError(`no \`redbutton up\` is running in "${folder.path}"`);
  if (!answer.ok) throw new UserError(answer.text);
  say(answer.text);
}
