// Where a tour's note stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { around, beside } from "../../assets/web/tour/place.js";

const NOTE = { width: 300, height: 140 };
const VIEW = { width: 1440, height: 900 };

function covers(box, { left, top }) {
  return left < box.right && left + NOTE.width > box.left && top < box.bottom && top + NOTE.height > box.top;
}

test("a note stands beside what it explains, inside the window", () => {
  const boxes = [
    { left: 20, top: 60, right: 280, bottom: 140 }, // a field on the left
    { left: 310, top: 420, right: 1420, bottom: 600 }, // a chart across the page
    { left: 1200, top: 10, right: 1430, bottom: 40 }, // at the right edge of the header
    { left: 300, top: 700, right: 1430, bottom: 890 }, // at the lower edge
  ];
  for (const box of boxes) {
    const place = beside(box, NOTE, VIEW);
    assert.ok(!covers(box, place), JSON.stringify(place));
    assert.ok(place.left >= 0 && place.top >= 0);
    assert.ok(place.left + NOTE.width <= VIEW.width && place.top + NOTE.height <= VIEW.height);
  }
});

test("where nothing is free the note keeps to the far edge", () => {
  const { top } = beside({ left: 0, top: 0, right: 1440, bottom: 880 }, NOTE, VIEW);
  assert.equal(top, VIEW.height - NOTE.height - 8);
});

test("several controls are explained as one", () => {
  const found = around([{ left: 5, top: 2, right: 9, bottom: 8 }, { left: 1, top: 4, right: 7, bottom: 11 }]);
  assert.deepEqual(found, { left: 1, top: 2, right: 9, bottom: 11 });
});
