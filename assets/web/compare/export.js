// Export of what the Compare room shows: the visible points as CSV or LaTeX, the plot as SVG or PNG.
import { exportAs, svgSource } from "../shared/export.js";
import { make } from "../shared/format.js";

const KINDS = { csv: "CSV", tex: "LaTeX", svg: "SVG", png: "PNG" };

export function createExport(state) {
  const root = make("p", "compare-export", "Export what is shown: ");
  const picture = () => svgSource(document.querySelector(".compare-plot svg"));
  for (const [kind, title] of Object.entries(KINDS)) {
    const button = make("button", "quiet", title);
    button.type = "button";
    button.addEventListener("click", () => exportAs(kind, "adacache-comparison", { table: () => rows(state), picture }));
    root.append(button);
  }
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
