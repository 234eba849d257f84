// The difference view: |baseline - accelerated| of the frames being shown, amplified, on a canvas over the right video.
import { make } from "../shared/format.js";

const AMPLIFIED = [1, 2, 4, 8, 16];
const WIDEST = 640; // pixels compared across; larger videos are scaled down first

export function createDifference(frame, a, b) {
  const canvas = make("canvas", "difference");
  canvas.setAttribute("aria-label", "Amplified absolute difference of both videos");
  const factor = make("button", "control amplify");
  frame.append(canvas);
  const sheet = canvas.getContext("2d", { willReadFrequently: true });
  let times = 4;
  let on = false;
  const label = () => {
    factor.textContent = `difference ×${times}`;
    factor.title = "Amplification of the absolute difference; press for the next";
  };
  label();
  factor.hidden = true;

  const draw = () => {
    if (!on || !a.videoWidth || a.readyState < 2 || b.readyState < 2) return;
    const width = Math.min(a.videoWidth, WIDEST);
    const height = Math.round((a.videoHeight * width) / a.videoWidth);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    sheet.globalCompositeOperation = "source-over";
    sheet.drawImage(a, 0, 0, width, height);
    sheet.globalCompositeOperation = "difference";
    sheet.drawImage(b, 0, 0, width, height);
    const pixels = sheet.getImageData(0, 0, width, height);
    const { data } = pixels;
    for (let i = 0; i < data.length; i += 4) {
      data[i] *= times;
      data[i + 1] *= times;
      data[i + 2] *= times;
      data[i + 3] = 255;
    }
    sheet.putImageData(pixels, 0, 0);
  };
  factor.addEventListener("click", () => {
    times = AMPLIFIED[(AMPLIFIED.indexOf(times) + 1) % AMPLIFIED.length];
    label();
    draw();
  });
  const toggle = (wanted = !on) => {
    on = wanted;
    frame.classList.toggle("differing", on);
    factor.hidden = !on;
    draw();
    return on;
  };
  return { factor, draw, toggle };
}
