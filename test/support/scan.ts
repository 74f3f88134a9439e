// Reads from a module's syntax what the rules of the architecture are about: its imports, and the global names it uses.
import { parseSync, visitorKeys } from "oxc-parser";

export interface Import {
  specifier: string;
  /** The names asked for, as the other module exports them; none for `import x`, `import * as x`, `export *`. */
  names: string[];
  /** Erased when the program runs, as by `import type`. */
  typeOnly: boolean;
  line: number;
}

export interface Use {
  /** As written, with dots: `Date.now`, `setTimeout`, `Deno.serve`; and `new Date()` when it has no arguments. */
  name: string;
  line: number;
}

export interface Module {
  /** From the repository's root, with `/`. */
  path: string;
  imports: Import[];
  /** Names that the module does not bind itself, so globals. */
  uses: Use[];
}

/** Throws when `source` is not TypeScript. */
export function scan(path: string, source: string): Module {
  const { program, errors } = parseSync(path, source);
  if (errors[0] !== undefined) throw new Error(`parsing "${path}" failed: ${errors[0].message}`);
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length;
  const imports: Import[] = [];
  const uses: Use[] = [];
  const bound = new Set<string>();
  walk(program as unknown as Node, {
    found: (specifier, node, names, typeOnly) => imports.push({ specifier, names, typeOnly, line: lineAt(node.start) }),
    used: (name, node) => uses.push({ name: name.replace(/^globalThis\./, ""), line: lineAt(node.start) }),
    binds: (name) => bound.add(name),
  });
  return { path, imports, uses: uses.filter(({ name }) => !bound.has(name.replace(/\..*/, ""))) };
}

/** ESTree, as loosely as a walk over every kind of node needs it. */
interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

interface Listener {
  found(specifier: string, node: Node, names: string[], typeOnly: boolean): void;
  used(name: string, node: Node): void;
  binds(name: string): void;
}

function walk(node: Node, on: Listener): void {
  const visit = (child: unknown) => {
    for (const each of Array.isArray(child) ? child : [child]) if (isNode(each)) walk(each, on);
  };
  const visitAllBut = (...skipped: string[]) => {
    for (const key of visitorKeys[node.type] ?? []) if (!skipped.includes(key)) visit(node[key]);
  };
  for (const pattern of [node.params, node.type === "VariableDeclarator" ? node.id : undefined, node.param].flat()) {
    if (isNode(pattern)) for (const name of namesIn(pattern)) on.binds(name);
  }
  switch (node.type) {
    case "ImportDeclaration":
      for (const { local } of node.specifiers as { local: Node }[]) on.binds(local.name as string);
      return found(node, on);
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return isNode(node.source) ? found(node, on) : visitAllBut("specifiers");
    case "ImportExpression":
      if (typeof (node.source as Node).value === "string") found(node, on);
      return visitAllBut();
    case "TSImportType":
      return found(node, on);
    case "MemberExpression":
    case "TSQualifiedName": {
      const name = dotted(node);
      if (name !== undefined) return on.used(name, node);
      return node.computed === true ? visitAllBut() : visitAllBut("property", "right");
    }
    case "NewExpression":
      if (isNode(node.callee) && dotted(node.callee) === "Date" && (node.arguments as Node[]).length === 0) {
        on.used("new Date()", node);
      }
      return visitAllBut();
    case "Identifier":
      on.used(node.name as string, node);
      return visitAllBut();
    case "TSTypeQuery":
      return; // `typeof setTimeout` in a type uses nothing.
    default: {
      const hasName = "key" in node && node.computed !== true;
      return visitAllBut(...(hasName ? ["key"] : []));
    }
  }
}

function found(node: Node, on: Listener): void {
  const specifiers = (node.specifiers ?? []) as { imported?: Node; exported?: Node; local: Node }[];
  const names = specifiers
    .map(({ imported, exported, local }) => imported ?? (exported && local))
    .filter(isNode)
    .map(({ name }) => name as string);
  const typeOnly = node.type === "TSImportType" || node.importKind === "type" || node.exportKind === "type";
  on.found((node.source as Node).value as string, node, names, typeOnly);
}

/** `a.b.c` as text; undefined when a part of it is computed or no plain name. */
function dotted(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name as string;
  if (node.computed === true) return undefined;
  const [object, property] = [node.object ?? node.left, node.property ?? node.right];
  if (!isNode(object) || !isNode(property)) return undefined;
  const start = dotted(object);
  return start === undefined ? undefined : `${start}.${String(property.name)}`;
}

/** The names that a pattern binds: `{ a, b: [c], ...d }` → a, c, d. */
function namesIn(pattern: Node): string[] {
  if (pattern.type === "Identifier") return [pattern.name as string];
  const parts = [
    pattern.properties,
    pattern.elements,
    pattern.value,
    pattern.left,
    pattern.argument,
    pattern.parameter,
  ];
  return parts.flat().filter(isNode).flatMap(namesIn);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
