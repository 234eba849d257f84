// A link to the present settings: made by the server, copied here, and shown where the browser forbids copying.
import { make } from "../shared/format.js";

export function mount({ element, props, watch, trigger }) {
  const button = make("button", "quiet", "Copy link to these settings");
  button.id = "copy-link";
  const field = Object.assign(make("input"), { readOnly: true, hidden: true });
  field.id = "share-link";
  field.setAttribute("aria-label", "Link to these settings");
  const said = make("span", "share-said");
  said.setAttribute("role", "status");
  element.replaceChildren(button, said, field);
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    trigger("click", {});
  });
  watch("asked", async () => {
    said.textContent = props.error;
    said.dataset.kind = props.error ? "error" : "info";
    field.hidden = Boolean(props.error);
    if (props.error) return;
    const link = new URL(location.href);
    link.search = String(new URLSearchParams({ ...(props.run && { run: props.run }), settings: props.link }));
    link.hash = "";
    field.value = link.href;
    const copied = await (navigator.clipboard?.writeText(link.href) ?? Promise.reject()).then(() => true, () => false);
    said.textContent = copied ? "Copied." : "Copy it from here:";
    field.hidden = copied;
    if (!copied) field.select();
  });
}
