// Export of an SVG chart (svg.js) with the table that it is read as.
import { createExport, svgSource } from "./export.js";

/** `behind` gives elements of what the page draws below the chart with other means. */
export function createFrameExport(title, { sheet, read }, behind = () => /** @type {Element[]} */ ([])) {
  const table = () => {
    const found = read();
    return found && [found.columns, ...found.rows];
  };
  return createExport(title, { table, picture: () => svgSource(sheet, behind()) });
}
