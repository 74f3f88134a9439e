import type { EdgeApi, PollCommand } from "./api.ts";
import { say } from "./output.ts";
import { targetShow, type ShowOptions } from "./show.ts";
import { UserError } from "./user-error.ts";

export interface PollOptions extends ShowOptions {
  /** Milliseconds. */
  readonly for?: number;
}

/** Gives a poll a command; without an id, the first poll of the show that can follow it. */
export async function commandPoll(command: PollCommand, id: string | undefined, options: PollOptions): Promise<void> {
  const { api, show } = await targetShow(options, command === "void" ? "producer" : "operator");
  const poll = id ?? (await firstFor(command, api, show));
  if (command === "open") await armDraft(api, show, poll);
  const body = options.for === undefined ? undefined : { duration_ms: options.for };
  const now = await api.command(show, poll, command, body);
  say(
    `${show}/${poll} is ${now.state}${now.closes_at === undefined ? "" : `, closes at ${new Date(now.closes_at).toISOString()}`}`,
  );
}

/** States in which a poll can follow a command. */
const FITTING: Readonly<Record<PollCommand, readonly string[]>> = {
  arm: ["draft"],
  open: ["draft", "armed"],
  close: ["open"],
  void: ["open", "armed"],
  release: ["final", "closed"],
};

async function firstFor(command: PollCommand, api: EdgeApi, show: string): Promise<string> {
  const { polls } = await api.show(show);
  const found = polls.find(({ state }) => FITTING[command].includes(state));
  if (!found)
    throw new UserError(
      `no poll of "${show}" can ${command}: ${polls.map(({ id, state }) => `${id} is ${state}`).join(", ")}`,
    );
  return found.id;
}

/** Opening a draft arms it first: whoever types the command means both. */
async function armDraft(api: EdgeApi, show: string, poll: string): Promise<void> {
  const { polls } = await api.show(show);
  if (polls.find(({ id }) => id === poll)?.state === "draft") await api.command(show, poll, "arm");
}
