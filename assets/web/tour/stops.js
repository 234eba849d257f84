// The tour's stops: what each is called, what it says, and which real controls it points at.
export const STOPS = [
  {
    title: "Prompt",
    text: "Say what should be seen. The words that the model understood stand below it.",
    targets: ["#prompt", "#words"],
  },
  {
    title: "Generate",
    text: "Makes the same video twice, without a cache and with AdaCache, and shows both while they are made.",
    targets: ["#run-buttons"],
  },
  {
    title: "Schedules",
    text: "A cell is a denoising step. Solid ones were computed; pale ones reuse the residuals of an earlier step.",
    targets: ["#charts .strip"],
  },
  {
    title: "Thresholds",
    text: "How much the residual changed, over the codebook's bands. Drag a line, or focus it and use the arrow keys: the higher it lies, the longer residuals are reused.",
    targets: ["#charts .chart.distance"],
  },
  {
    title: "Codebook Lab",
    text: "Explores codebooks at the speed of the mouse, on recorded runs: schedules, speedup and quality are predicted.",
    targets: ["#tab-lab"],
  },
  {
    title: "Compare and Runs",
    text: "All methods side by side on the same prompts, and every run that you made, to be opened, compared and exported.",
    targets: ["#tab-compare", "#tab-runs"],
  },
];
