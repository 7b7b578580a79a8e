/** One row of a list of codes, by its line in the file. */
export interface CodeRow {
  line: number;
  code: string;
  /** Empty where the code is nobody's. */
  customer: string;
}

const SEPARATORS = [",", ";", "\t"];

/** The rows of a list of codes: with the columns `code` and `customer`, or without a header in that order. */
export function rowsOf(text: string): CodeRow[] {
  const plain = text.replace(/^\uFEFF/, "");
  const lines = fieldsOf(plain, separatorOf(plain)).filter(({ fields }) => fields.some((field) => field !== ""));
  const header = (lines[0]?.fields ?? []).map((field) => field.toLowerCase());
  const code = header.indexOf("code");
  const places = code === -1 ? { code: 0, customer: 1 } : { code, customer: header.indexOf("customer") };
  return (code === -1 ? lines : lines.slice(1)).map(({ line, fields }) => ({
    line,
    code: fields[places.code] ?? "",
    customer: fields[places.customer] ?? "",
  }));
}

/** What separates the fields: what stands first in the first line. */
function separatorOf(text: string): string {
  const first = text.slice(0, Math.max(text.indexOf("\n"), 0) || undefined);
  const places = SEPARATORS.map((separator) => ({ separator, place: first.indexOf(separator) })).filter(({ place }) => place !== -1);
  return places.sort((one, other) => one.place - other.place)[0]?.separator ?? ",";
}

/** The fields of each row by RFC 4180: in quotes there may be separators, line ends and doubled quotes. */
function fieldsOf(text: string, separator: string): { line: number; fields: string[] }[] {
  const rows: { line: number; fields: string[] }[] = [];
  let fields: string[] = [];
  let field = "";
  let quoted = false;
  let line = 1;
  let begin = 1;
  const endField = () => {
    fields.push(field.trim());
    field = "";
  };
  const endRow = () => {
    endField();
    rows.push({ line: begin, fields });
    fields = [];
    begin = line;
  };
  for (let place = 0; place < text.length; place += 1) {
    const letter = text.charAt(place);
    if (letter === "\n") line += 1;
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text.charAt(place + 1) === '"') {
        field += '"';
        place += 1;
      } else quoted = false;
    } else if (letter === '"' && field.trim() === "") {
      field = "";
      quoted = true;
    } else if (letter === separator) endField();
    else if (letter === "\n") endRow();
    else if (letter !== "\r") field += letter;
  }
  if (field !== "" || fields.length > 0) endRow();
  return rows;
}
