import { say, tableOf } from "./output.ts";
import { openToRead, type DatabaseOptions } from "./database.ts";
import { UserError } from "./user-error.ts";

/** Rows that a terminal is good for; `redbutton export` streams the rest. */
const MOST_ROWS = 1000;

/** Asks the permanent database, of a file a copy: nothing can be changed by it. */
export async function askSql(sql: string, options: DatabaseOptions): Promise<void> {
  if (!/^\s*(select|with|explain)\b/i.test(sql)) throw new UserError("only SELECT is taken here: the recorder writes");
  const opened = await openToRead(options);
  const { database } = opened;
  try {
    const rows = await database.read(sql).catch((error: unknown) => {
      throw new UserError(`asking "${database.name}": ${error instanceof Error ? error.message : String(error)}`);
    });
    if (rows.length === 0) return say("no rows");
    const columns = Object.keys(rows[0]!);
    const cells = rows.slice(0, MOST_ROWS).map((row) => columns.map((column) => cellOf(row[column])));
    say(tableOf([columns, ...cells]));
    if (rows.length > MOST_ROWS) say(`and ${rows.length - MOST_ROWS} rows more`);
  } finally {
    await opened.close();
  }
}

function cellOf(value: unknown): string {
  return value instanceof ArrayBuffer ? `${value.byteLength} bytes` : String(value);
}
