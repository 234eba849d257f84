// Runs inside a gr.HTML: makes the panel's root, fetches its module and hands it the component.
const { root, api_prefix } = window.gradio_config;
const panel = document.createElement("div");
panel.className = `panel-${"__NAME__".split("/").pop()}`;
element.replaceChildren(panel);
import(`${root}${api_prefix}/file=__FOLDER__/__NAME__.js`).then((module) =>
  module.mount({ element: panel, trigger, props, watch, server, upload }),
);
