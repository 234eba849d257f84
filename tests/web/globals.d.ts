// What Gradio and Plotly put on the window, as far as the scripts use it.
interface Window {
  gradio_config: { root: string; api_prefix: string };
  Plotly: any;
}
