import type { Params } from "./ask.ts";

export interface ControlsProps {
  readonly params: Params;
  /** Names to choose from, once somebody has answered. */
  readonly members: readonly string[];
  readonly onchange: (params: Params) => void;
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly of: ControlsProps;
  readonly hint?: string;
}

/** A text that takes effect when it is entered. */
export function Field({ label, name, of: { params, onchange }, hint }: FieldProps) {
  return (
    <div class="field">
      <label for={`by-${name}`}>{label}</label>
      <input
        id={`by-${name}`}
        value={params[name] ?? ""}
        placeholder={hint}
        onChange={(event) => onchange({ ...params, [name]: event.currentTarget.value.trim() })}
      />
    </div>
  );
}

export function Choice({
  label,
  name,
  of: { params, onchange },
  choices,
}: FieldProps & { readonly choices: readonly string[] }) {
  const chosen = params[name] ?? "";
  return (
    <div class="field">
      <label for={`by-${name}`}>{label}</label>
      <select
        id={`by-${name}`}
        value={chosen}
        onChange={(event) => onchange({ ...params, [name]: event.currentTarget.value })}
      >
        {["", ...choices].map((choice) => (
          <option key={choice} value={choice}>
            {choice === "" ? "any" : choice}
          </option>
        ))}
      </select>
    </div>
  );
}

export function DocControls(props: ControlsProps) {
  return (
    <div class="controls">
      <Field label="Document" name="document" of={props} hint="SHOW/tallies" />
      <Field label="Search" name="search" of={props} hint="in keys and values" />
    </div>
  );
}

export function DiffControls(props: ControlsProps) {
  const names = props.members.length > 0 ? props.members : ["fra", "nyc", "syd"];
  return (
    <div class="controls">
      <Choice label="Between" name="a" of={props} choices={names} />
      <Choice label="and" name="b" of={props} choices={names} />
      <Field label="Document" name="document" of={props} hint="SHOW/tallies" />
    </div>
  );
}

export function LogControls(props: ControlsProps) {
  return (
    <div class="controls">
      <Choice label="Edge" name="edge" of={props} choices={props.members} />
      <Choice label="Kind" name="kind" of={props} choices={["ballots", "presence", "seal", "orders", "outcomes"]} />
      <Choice label="Decoded" name="decode" of={props} choices={["1"]} />
    </div>
  );
}

export function WhyControls(props: ControlsProps) {
  return (
    <form class="controls" onSubmit={(event) => event.preventDefault()}>
      <Field label="Receipt" name="receipt" of={props} hint="RB-7K3MQ2" />
      <button>Why?</button>
    </form>
  );
}
