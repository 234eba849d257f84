// Export of what a plot shows: its numbers as CSV or LaTeX, the plot itself as SVG or PNG.
import { colour, make } from "./format.js";
import { createKinds } from "./kinds.js";
import { save } from "./download.js";

const TYPES = { csv: "text/csv", tex: "text/x-tex", svg: "image/svg+xml", png: "image/png" };
const [PLOT, TABLE] = [["svg", "png", "csv"], ["csv", "tex"]];
const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity"];
const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
const ARROW = "M7 1.5v7M4 5.8 7 8.8l3-3M2 12h10";

/**
 * A quiet button for the heading of a plot or table; it is seen while that is pointed at or something of it has the focus.
 * @param {string} title of the plot
 * @param {{ table: () => any[][] | null, picture?: () => string | Promise<string> }} shown without a picture, a table
 */
export function createExport(title, shown) {
  const button = make("button", "export-button");
  button.type = "button";
  button.title = "Export";
  button.setAttribute("aria-label", `Export: ${title}`);
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 14 14");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ARROW);
  icon.append(path);
  button.append(icon);
  const file = `adacache-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  const root = createKinds(button, title, shown.picture ? PLOT : TABLE, (kind) => exportAs(kind, file, shown));
  root.classList.add("plot-export");
  return root;
}

/** The same for a table of the page, whose cells are exported as they are read. */
export function createTableExport(title, /** @type {HTMLTableElement} */ table) {
  const read = () => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent));
  return createExport(title, { table: () => (table.rows.length ? read() : null) });
}

/**
 * Make a file of a kind of what is shown and have the browser keep it; none where nothing is drawn yet.
 * @param {string} kind
 * @param {string} file its name without an ending
 * @param {{ table: () => any[][] | null, picture?: () => string | Promise<string> }} shown
 */
export async function exportAs(kind, file, { table, picture }) {
  const lines = table();
  if (!lines) return;
  const made = {
    csv: () => csv(lines),
    tex: () => latex(lines),
    svg: picture,
    png: async () => png(await picture()),
  };
  save(await made[kind](), `${file}.${kind}`, TYPES[kind]);
}

/** @param {any[][]} lines a heading and the rows; what is missing is an empty cell */
export function csv(lines) {
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${lines.map((line) => line.map((cell) => quoted(plain(written(cell)))).join(",")).join("\n")}\n`;
}

export function latex(lines) {
  const safe = (text) => text.replace(/\s+/g, " ").replace(/[&%$#_{}\\~^]/g, (sign) => LATEX[sign] ?? `\\${sign}`);
  const [head, ...body] = lines.map((line) => `${line.map((cell) => safe(written(cell))).join(" & ")} \\\\`);
  const columns = `ll${"r".repeat(lines[0].length - 2)}`;
  return `\\begin{tabular}{${columns}}\n\\hline\n${head}\n\\hline\n${body.join("\n")}\n\\hline\n\\end{tabular}\n`;
}

/** An SVG of the page as a file of its own: styles that the page gives it are written into it; `behind` is put below. */
export function svgSource(shown, behind = []) {
  const copy = /** @type {SVGElement} */ (shown.cloneNode(true));
  const { width, height } = shown.getBoundingClientRect();
  const originals = shown.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]);
    const own = /** @type {SVGElement} */ (element).style;
    for (const name of KEPT) own.setProperty(name, style.getPropertyValue(name));
  });
  for (const name of ["role", "aria-label", "class"]) copy.removeAttribute(name);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.style.background = colour("panel");
  copy.prepend(...behind);
  return new XMLSerializer().serializeToString(copy);
}

function written(cell) {
  return cell === null || cell === undefined || Number.isNaN(cell) ? "" : String(cell);
}

/** Text that no spreadsheet takes for a formula: prompts may be a stranger's. */
function plain(text) {
  return /^[=+\-@]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
}

async function png(source) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
