import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["assets/web/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: { ...globals.browser } },
    rules: { eqeqeq: ["error", "always", { null: "ignore" }], "no-shadow": "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }], "prefer-const": "error" },
  },
  {
    // Its text is run inside a function of Gradio's with these arguments.
    files: ["assets/web/shared/boot.js"],
    languageOptions: { globals: { element: "readonly", trigger: "readonly", props: "readonly", watch: "readonly", server: "readonly", upload: "readonly" } },
  },
  { files: ["tests/web/**/*.js"], languageOptions: { globals: { ...globals.node } } },
];
