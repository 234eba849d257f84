// Header: name, sentence, model and device, light or dark, and the settings drawer of narrow screens.
import { createHeaderButtons } from "./header-buttons.js";
import { createNav } from "./nav.js";
import { quietDropdowns } from "./dropdowns.js";
import { remember, remembered } from "./remember.js";
import { make } from "./format.js";

const THEME_KEY = "adacache-theme";

export function mount({ element, props, watch }) {
  const name = make("h1", "name", "AdaCache Studio");
  const sentence = make("p", "sentence", props.sentence);
  const status = make("div", "status");
  const drawer = make("button", "quiet drawer-button", "Settings");
  const theme = make("button", "quiet", "");
  drawer.setAttribute("aria-expanded", "false");
  drawer.addEventListener("click", () => {
    const open = document.getElementById("controls").classList.toggle("open");
    drawer.setAttribute("aria-expanded", String(open));
  });

  const label = () => (theme.textContent = document.body.classList.contains("dark") ? "Light" : "Dark");
  const chosen = remembered(THEME_KEY);
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
  theme.addEventListener("click", () => {
    const dark = document.body.classList.toggle("dark");
    remember(THEME_KEY, dark ? "dark" : "light");
    label();
  });
  label();

  const show = () => {
    status.replaceChildren(
      make("span", "model", props.model),
      make("span", "device", props.device),
      make("span", "state", props.state),
    );
    status.title = [props.model, props.device, props.state].join(", "); // a long one is cut, not the sentence
    status.dataset.state = props.state;
  };
  watch(["state", "model", "device"], show);
  show();
  quietDropdowns();
  element.replaceChildren(name, createNav(props.rooms), sentence, status, createHeaderButtons(drawer, theme));
}
