// A chart for those who cannot see it: one sentence as its name, and its numbers as a table behind it.
// Both follow when the chart has been at rest for a moment, so that a drag pays for neither.
import { make } from "./format.js";

const REST_MILLISECONDS = 400;

/** `chart` is named and described; `read()` gives { summary, columns, rows }, or null where nothing is drawn. */
export function createReadable(chart, title, read, role = "img") {
  const table = make("table");
  const root = make("div", "for-readers");
  root.append(table);
  chart.setAttribute("role", role);
  chart.setAttribute("aria-label", title);
  let asked = 0;
  const show = () => {
    const found = read();
    chart.setAttribute("aria-label", found ? `${title}. ${found.summary}` : `${title}: nothing to show yet.`);
    table.replaceChildren(...(found?.columns ? tableOf(title, found.columns, found.rows) : []));
  };
  const ask = () => {
    clearTimeout(asked);
    asked = setTimeout(show, REST_MILLISECONDS);
  };
  return { root, ask };
}

function tableOf(title, columns, rows) {
  const caption = make("caption", "", `${title}, as a table`);
  const group = make("thead");
  const body = make("tbody");
  const head = make("tr");
  head.append(...columns.map((name) => Object.assign(make("th", "", name), { scope: "col" })));
  group.append(head);
  for (const [first, ...values] of rows) {
    const line = make("tr");
    line.append(Object.assign(make("th", "", String(first)), { scope: "row" }));
    line.append(...values.map((value) => make("td", "", value == null ? "none" : String(value))));
    body.append(line);
  }
  return [caption, group, body];
}
