// Export of what the Compare room shows: the visible points as CSV or LaTeX, the plot as SVG or PNG.
import { make } from "../shared/format.js";

const FILE = "adacache-comparison";

export function createExport(state) {
  const root = make("p", "compare-export", "Export what is shown: ");
  const add = (text, act) => {
    const button = make("button", "quiet", text);
    button.type = "button";
    button.addEventListener("click", act);
    root.append(button);
  };
  add("CSV", () => save(csv(rows(state)), "csv", "text/csv"));
  add("LaTeX", () => save(latex(rows(state)), "tex", "text/x-tex"));
  add("SVG", () => save(plotSource(), "svg", "image/svg+xml"));
  add("PNG", async () => save(await picture(plotSource()), "png", "image/png"));
  return root;
}

/** A heading and a line a visible point, as text; quality is that against the reference that is chosen. */
export function rows({ metrics, value, visible }) {
  const head = ["family", "method", "speedup", "computed fraction", "TFLOPs", ...metrics.map(({ title }) => title), "runs"];
  const cells = (point) => [
    point.family || "baseline",
    point.name,
    point.speedup.toFixed(3),
    point.computed_fraction.toFixed(4),
    point.tflops === null ? "" : point.tflops.toPrecision(5),
    ...metrics.map(({ id, digits }) => value(point, id)?.toFixed(digits) ?? ""),
    String(point.runs),
  ];
  return [head, ...visible().map(cells)];
}

export function csv(lines) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${lines.map((line) => line.map(quoted).join(",")).join("\n")}\n`;
}

export function latex(lines) {
  const safe = (text) => text.replace(/[&%$#_{}]/g, "\\$&");
  const [head, ...body] = lines.map((line) => `${line.map(safe).join(" & ")} \\\\`);
  const columns = `ll${"r".repeat(lines[0].length - 2)}`;
  return `\\begin{tabular}{${columns}}\n\\hline\n${head}\n\\hline\n${body.join("\n")}\n\\hline\n\\end{tabular}\n`;
}

/** The plot as a file of its own: styles that the page gives it are written into it. */
function plotSource() {
  const shown = /** @type {SVGElement} */ (document.querySelector(".compare-plot svg"));
  const copy = /** @type {SVGElement} */ (shown.cloneNode(true));
  const { width, height } = shown.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.style.background = getComputedStyle(document.body).getPropertyValue("--panel");
  const originals = shown.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]);
    const own = /** @type {SVGElement} */ (element).style;
    for (const name of ["fill", "stroke", "font-family", "font-size", "opacity"]) own.setProperty(name, style.getPropertyValue(name));
  });
  return new XMLSerializer().serializeToString(copy);
}

async function picture(source) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function save(content, ending, type) {
  const link = make("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = `${FILE}.${ending}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
