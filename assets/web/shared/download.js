// Files for the browser to keep: one that the server made, or one that was made here.
import { make } from "./format.js";

/** A file of the server's, as a question answers it. @param {{ path: string, name: string }} made */
export function download({ path, name }) {
  const { root, api_prefix } = window.gradio_config;
  follow(`${root}${api_prefix}/file=${path}`, name);
}

/** A file made of text, or of a Blob. */
export function save(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  follow(address, name);
  URL.revokeObjectURL(address);
}

function follow(href, name) {
  const link = Object.assign(make("a"), { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
