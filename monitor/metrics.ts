import type { ProcessHealth } from "./process.ts";

/** A process' figures in Prometheus' text format, 0.0.4: `redbutton_process_<figure>{duty, show}`. */
export function metricsText(health: ProcessHealth): string {
  const byName = new Map<string, string[]>();
  const add = (name: string, value: number, labels: Readonly<Record<string, string>> = {}) => {
    const given = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    const line = `redbutton_process_${name}${given.length > 0 ? `{${given.join(",")}}` : ""} ${value}\n`;
    byName.set(name, [...(byName.get(name) ?? []), line]);
  };
  add("ok", health.ok ? 1 : 0);
  add("links", health.links.length);
  for (const { duty, show, ready, problems, figures } of health.duties) {
    add("ready", ready ? 1 : 0, { duty, show });
    add("problems", problems.length, { duty, show });
    for (const [name, value] of Object.entries(figures)) add(name, value, { duty, show });
  }
  return [...byName].map(([name, lines]) => `# TYPE redbutton_process_${name} gauge\n${lines.join("")}`).join("");
}
