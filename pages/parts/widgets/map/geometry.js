// Where points are on the canvas, and which lie at a place or inside an outline.

const CELLS = 128;

/** Numbers sent as base64 of bytes. */
export function unpacked(text, Kind) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return new Kind(bytes.buffer, 0, bytes.length / Kind.BYTES_PER_ELEMENT);
}

/** Points by the cell of a grid that they lie in. */
export function grid(places) {
  const cells = new Map();
  for (let at = 0; at < places.length / 2; at += 1) {
    const cell = cellOf(places[2 * at]) * CELLS + cellOf(places[2 * at + 1]);
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push(at);
  }
  return cells;
}

const cellOf = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

/** The point nearest to a place of the map, at most so far away; -1 for none. */
export function nearest(cells, places, [x, y], far) {
  let [best, least] = [-1, far * far];
  for (let column = cellOf(x - far); column <= cellOf(x + far); column += 1) {
    for (let row = cellOf(y - far); row <= cellOf(y + far); row += 1) {
      for (const at of cells.get(column * CELLS + row) ?? []) {
        const distance = (places[2 * at] - x) ** 2 + (places[2 * at + 1] - y) ** 2;
        if (distance <= least) [best, least] = [at, distance];
      }
    }
  }
  return best;
}

/** The points inside an outline of places of the map. */
export function inside(places, outline) {
  const [xs, ys] = [outline.map(([x]) => x), outline.map(([, y]) => y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (let at = 0; at < places.length / 2; at += 1) {
    const [x, y] = [places[2 * at], places[2 * at + 1]];
    if (x >= left && x <= right && y >= low && y <= high && isInside(x, y, xs, ys)) found.push(at);
  }
  return found;
}

/** By how often a ray crosses the outline. */
function isInside(x, y, xs, ys) {
  let is = false;
  for (let one = 0, other = xs.length - 1; one < xs.length; other = one, one += 1) {
    if (ys[one] > y !== ys[other] > y) {
      const crossing = ((xs[other] - xs[one]) * (y - ys[one])) / (ys[other] - ys[one]) + xs[one];
      if (x < crossing) is = !is;
    }
  }
  return is;
}
