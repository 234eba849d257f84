// Runs inside a gr.HTML: makes the panel's root, fetches its module and hands it the component.
const { root, api_prefix } = window.gradio_config;
const panel = document.createElement("div");
panel.className = `panel-${"__NAME__".split("/").pop()}`;
element.replaceChildren(panel);
// Gradio's client swallows that a server could not be reached, and answers nothing; here such a question fails.
const questions = new Proxy({}, {
  get: (_, name) => async (question) => {
    const answer = await server[name](question);
    if (answer === undefined) throw new Error("the server does not answer");
    return answer;
  },
});
import(`${root}${api_prefix}/file=__FOLDER__/__NAME__.js`).then((module) =>
  module.mount({ element: panel, trigger, props, watch, server: questions, upload }),
);
