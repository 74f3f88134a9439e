import * as v from "valibot";
import { EDGE_NAME } from "../../../crdt/batch.ts";
import { geoSettings, NO_GEO, placeSetting } from "../../steering/geo.ts";
import { DEFAULT_LOAD_POLICY, policyNamed, POLICY_NAMES, type Policy, type PolicyName } from "../../steering/policy.ts";
import { parseAddress } from "../../steering/address.ts";

/** What the forms of steering that are programs of their own have in common: where edges come from, and how to choose. */

const httpAddress = (() => {
  const wanted = `an edge's address like "https://fra.example.org", without a path`;
  return v.pipe(v.string(wanted), v.regex(/^https?:\/\/[^/\s]+$/, wanted));
})();
const addressList = (bytes: 4 | 16) => {
  const wanted = `a list of IPv${bytes === 4 ? 4 : 6} addresses`;
  const isRight = (text: string) => parseAddress(text)?.length === bytes;
  return v.pipe(v.array(v.pipe(v.string(wanted), v.check(isRight, wanted))), v.readonly());
};
const edgeName = v.pipe(v.string("an edge's name"), v.regex(EDGE_NAME, "an edge's name"));
const adminState = v.picklist(["up", "draining", "down"], `"up", "draining" or "down"`);

/** An edge as a file names it; what is left out the edge says itself. */
const listedEdge = v.strictObject({
  edge: edgeName,
  region: v.exactOptional(v.string()),
  address: httpAddress,
  place: v.exactOptional(placeSetting),
  v4: v.exactOptional(addressList(4)),
  v6: v.exactOptional(addressList(16)),
});
export type ListedEdge = v.InferOutput<typeof listedEdge>;

export const steeringEntries = {
  $schema: v.optional(v.string()),
  /** Under which it stands in a network's folder. */
  name: v.optional(v.string()),
  /** Edges that are asked for the network's roster: the boards' word. */
  seeds: v.optional(v.array(httpAddress), []),
  /** Edges by hand, or more about some of the roster's. */
  edges: v.optional(v.array(listedEdge), []),
  /** The operator's word on an edge. */
  admin: v.optional(v.record(edgeName, adminState), {}),
  policy: v.optional(v.picklist(POLICY_NAMES, `one of ${POLICY_NAMES.join(", ")}`)),
  /** Edges in the order of the policy "failover". */
  order: v.optional(v.array(edgeName), []),
  geo: v.optional(geoSettings, NO_GEO),
  /** From one health check to the next, ms. */
  checkEveryMs: v.optional(
    v.pipe(v.number(), v.minValue(100, "100 or more"), v.maxValue(60_000, "at most 60000")),
    500,
  ),
};

const steeringSettings = v.object(steeringEntries);
export type SteeringSettings = v.InferOutput<typeof steeringSettings>;

/** What is wrong with settings, for an operator. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Checks the text of a settings file against its schema. Throws `SettingsError` with all that is wrong. */
export function parseSettings<S extends v.GenericSchema<unknown, SteeringSettings>>(
  schema: S,
  text: string,
  source: string,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, parseJson(text, source));
  if (!parsed.success) throw new SettingsError(`reading "${source}":\n${parsed.issues.map(describe).join("\n")}`);
  const { seeds, edges } = parsed.output;
  if (seeds.length + edges.length === 0)
    throw new SettingsError(`reading "${source}": got no edge, wanted some in "seeds" or "edges"`);
  return parsed.output;
}

export function policyOf({ policy, order }: SteeringSettings, usual: PolicyName = DEFAULT_LOAD_POLICY): Policy {
  return policyNamed(policy ?? usual, order);
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`reading "${source}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the file";
  if (issue.expected === "never") return `  ${path}: is no setting here`;
  const wanted = issue.message.startsWith("Invalid ") ? (issue.expected ?? "something else") : issue.message;
  return `  ${path}: got ${issue.received}, wanted ${wanted}`;
}
