// Where a tour's note stands: beside what it explains, never over it, and inside the window.
const APART = 12; // pixels between the note and what it explains
const EDGE = 8; // pixels to the window's edge

/** The smallest box around others; boxes are { left, top, right, bottom }. */
export function around(boxes) {
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

/**
 * Left and top of a note of a size beside a box: on the right, below, above or on the left, whichever fits first.
 * Where none does, it keeps to the edge of the window that is further from the box's middle.
 */
export function beside(box, note, view) {
  const fitX = (left) => Math.max(EDGE, Math.min(left, view.width - note.width - EDGE));
  const fitY = (top) => Math.max(EDGE, Math.min(top, view.height - note.height - EDGE));
  const places = [
    { left: box.right + APART, top: fitY(box.top) },
    { left: fitX(box.left), top: box.bottom + APART },
    { left: fitX(box.left), top: box.top - APART - note.height },
    { left: box.left - APART - note.width, top: fitY(box.top) },
  ];
  const inside = ({ left, top }) =>
    left >= EDGE && top >= EDGE && left + note.width <= view.width - EDGE && top + note.height <= view.height - EDGE;
  const middle = (box.top + box.bottom) / 2;
  const edge = { left: fitX(box.left), top: fitY(middle < view.height / 2 ? view.height : 0) };
  return places.find(inside) ?? edge;
}
