// Spread over prompts: every run of every method as a dot, or the means for each motion and background asked for.
import { choose } from "../shared/choose.js";
import { createTip, heading } from "../shared/heading.js";
import { createFrame, label, line, mark, nearestPoint, rule, scale, ticks } from "../shared/svg.js";
import { make } from "../shared/format.js";

const GUTTER = { left: 214, right: 16, top: 4, bottom: 20 };
const LINE = 20; // pixels a method
const REACH = 9;
const HELP =
  "Runs: a dot a prompt and seed, the tall line their mean, the short one the worst decile; press a dot to see that " +
  "prompt's schedules. By motion or background: the mean over the prompts that ask for it, columns from worst to best, " +
  "darker where the picture is further from the baseline's.";

/** `groups` are means by slot, metric, method and value, as the server counts them. */
export function createSpread(state, groups) {
  const root = make("section", "compare-spread");
  const slots = Object.keys(groups);
  let view = "runs";
  const dots = createDots(state);
  const table = make("div", "scrolling");
  const show = () => {
    dots.root.hidden = view !== "runs";
    table.hidden = view === "runs";
    if (view === "runs") dots.show();
    else table.replaceChildren(meansTable(state, groups[view][state.metric]));
  };
  const views = [["runs", "Runs"], ...slots.map((slot) => [slot, `By ${slot}`])];
  const chosen = choose(views, () => view, (name) => {
    view = name;
    show();
  });
  const side = make("span", "choices");
  if (slots.length) side.append(chosen);
  root.append(heading("Spread over prompts", HELP, side), dots.root, table);
  state.on(show);
  show();
  return root;
}

function createDots(state) {
  const frame = createFrame("spread", GUTTER, (paper) => draw(paper));
  const tip = createTip(frame.root);
  let drawn = [];
  let place = null;

  const draw = ({ sheet, width, height, left, top }) => {
    const metric = state.chosen();
    const points = state.visible().filter(({ family, own }) => family && !own);
    drawn = points.flatMap((point, row) => point.schedules.map((run) => ({ point, run, row, value: run.quality[metric.id] })));
    drawn = drawn.filter(({ value }) => value !== null);
    if (!drawn.length) return;
    const values = drawn.map(({ value }) => value);
    const x = scale([Math.min(...values), Math.max(...values)], [left + 6, left + width - 6]);
    const y = (row) => top + LINE * (row + 0.5);
    place = ({ value, row }) => [x(value), y(row)];
    for (const value of ticks(Math.min(...values), Math.max(...values), width / 90)) {
      sheet.append(rule(x(value), top, x(value), top + height), label(x(value), top + height + 14, value));
    }
    points.forEach((point, row) => {
      const colour = state.colour(point.family);
      sheet.append(label(0, y(row) + 4, point.name, "start", point.name === state.looked ? "tick looked" : "tick"));
      for (const { value } of drawn.filter((dot) => dot.row === row)) {
        const dot = mark(x(value), y(row), "circle", colour, 2.6);
        dot.setAttribute("opacity", "0.45");
        sheet.append(dot);
      }
      const [mean, worst] = [point.quality[metric.id], point.worst[metric.id]];
      sheet.append(line([[x(mean), y(row) - 8], [x(mean), y(row) + 8]], colour, { width: 2.5 }));
      sheet.append(line([[x(worst), y(row) - 4], [x(worst), y(row) + 4]], colour, { width: 2.5 }));
    });
  };
  const nearest = (event) => (place && drawn.length ? nearestPoint(drawn, place, event, frame.root, REACH) : null);
  frame.root.addEventListener("pointermove", (event) => {
    const dot = nearest(event);
    frame.root.classList.toggle("reachable", Boolean(dot));
    if (!dot) return tip.hide();
    const { digits, unit } = state.chosen();
    tip.show(event, [[dot.point.name, `${dot.value.toFixed(digits)} ${unit}`.trim()], [dot.run.prompt, `seed ${dot.run.seed}`]]);
  });
  frame.root.addEventListener("pointerleave", tip.hide);
  frame.root.addEventListener("click", (event) => {
    const dot = nearest(event);
    if (dot) state.set("run", `${dot.run.seed} ${dot.run.prompt}`);
  });
  const show = () => {
    const rows = state.visible().filter(({ family, own }) => family && !own).length;
    frame.root.style.height = `${GUTTER.top + LINE * rows + GUTTER.bottom}px`;
    frame.ask();
  };
  return { root: frame.root, show };
}

function meansTable(state, means) {
  const metric = state.chosen();
  const points = state.visible().filter(({ name }) => means[name]);
  const sign = metric.better === "higher" ? 1 : -1;
  const all = points.flatMap(({ name }) => Object.values(means[name]));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const names = [...new Set(points.flatMap(({ name }) => Object.keys(means[name])))];
  const over = (value) => points.reduce((sum, { name }) => sum + (means[name][value] ?? 0), 0);
  names.sort((one, other) => sign * (over(one) - over(other)));
  const table = make("table", "means");
  const head = make("tr");
  head.append(...["Method", ...names].map((name) => Object.assign(make("th", "", name), { scope: "col" })));
  const group = make("thead");
  group.append(head);
  const body = make("tbody");
  body.append(...points.map((point) => {
    const row = make("tr", point.name === state.looked ? "looked" : "");
    row.append(make("td", "name", point.name), ...names.map((name) => {
      const value = means[point.name][name];
      const cell = make("td", "", value === undefined ? "–" : value.toFixed(metric.digits));
      const share = value === undefined || most === least ? 0 : (sign > 0 ? most - value : value - least) / (most - least);
      cell.style.setProperty("--share", `${Math.round(38 * share)}%`);
      return cell;
    }));
    return row;
  }));
  table.append(group, body);
  return table;
}
