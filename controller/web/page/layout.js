// Where each node is drawn, in CSS pixels: cells as large as the view allows, cabinets in lines as text is.

const PITCHES = [64, 56, 48, 42, ...Array.from({length: 33}, (_, k) => 36 - k)];
// Smaller ones cannot be hit with a pointer; the map is scrolled instead. Of huge machines an overview is worth more.
const LEAST = 6;
const LEAST_OF_HUGE = 4;
const HUGE = 30000;
const MARGIN = 12;
const TITLE = 16;

// What a cell of this pitch looks like, and what is between them.
export function measures(pitch) {
  return {
    pitch,
    size: pitch - (pitch >= 36 ? 4 : pitch >= 14 ? 2 : 1),
    slotGap: pitch >= 8 ? Math.round(pitch / 8) : 0,
    chassisGap: pitch >= 12 ? Math.round(pitch / 2) : 4,
    pad: pitch >= 12 ? 8 : 4,
    cabinetGap: pitch >= 12 ? 16 : 8,
    hasChassisNames: pitch >= 11,
    hasSlotNames: pitch >= 18,
    hasNodeNames: pitch >= 42,
  };
}

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
const chassisTop = (m) => (m.hasChassisNames ? 13 : 0) + (m.hasSlotNames ? 13 : 0);

function cabinetSize(cabinet, m) {
  const gaps = sum(cabinet.slots.map((slots) => slots - 1)) * m.slotGap;
  return {
    width: 2 * m.pad + sum(cabinet.widths) * m.pitch + gaps + (cabinet.widths.length - 1) * m.chassisGap - (m.pitch - m.size),
    height: 2 * m.pad + sum(cabinet.heights) * m.pitch + (cabinet.heights.length - 1) * m.chassisGap +
      cabinet.heights.length * chassisTop(m) - (m.pitch - m.size),
  };
}

// [{x, y, width, height} …] of the cabinets, and how far they reach.
function flow(tree, m, width) {
  const boxes = [];
  let x = MARGIN, y = MARGIN, tallest = 0, right = 0, lines = 1;
  for (const cabinet of tree) {
    const size = cabinetSize(cabinet, m);
    if (x > MARGIN && x + size.width + MARGIN > width) {
      x = MARGIN;
      y += TITLE + tallest + m.cabinetGap;
      tallest = 0;
      ++lines;
    }
    boxes.push({x, y: y + TITLE, ...size});
    right = Math.max(right, x + size.width);
    x += size.width + m.cabinetGap;
    tallest = Math.max(tallest, size.height);
  }
  return {boxes, lines, width: right + MARGIN, height: y + TITLE + tallest + MARGIN};
}

// The largest cells with which all is seen; if none are, the largest that need no more lines than the smallest do.
function fitting(tree, count, width, height) {
  const least = count > HUGE ? LEAST_OF_HUGE : LEAST;
  const tries = PITCHES.filter((pitch) => pitch >= least).map((pitch) => [measures(pitch), flow(tree, measures(pitch), width)]);
  const narrow = tries.filter(([, flowed]) => flowed.width <= width);
  const {lines} = tries.at(-1)[1];
  return narrow.find(([, flowed]) => flowed.height <= height) ?? narrow.find(([, flowed]) => flowed.lines === lines) ?? tries.at(-1);
}

function placeChassis(chassis, left, top, m, place) {
  const begin = top + chassisTop(m);
  for (const cell of chassis.cells) {
    place.x[cell.index] = left + cell.x * m.pitch + cell.slot * m.slotGap;
    place.y[cell.index] = begin + cell.y * m.pitch;
  }
  return {label: chassis.label, x: left, y: begin, top,
          columns: chassis.columns.map(({label, slot, x}) => ({label, x: left + x * m.pitch + slot * m.slotGap})),
          cells: m.hasNodeNames ? chassis.cells : []};
}

function placeCabinet(cabinet, box, m, place) {
  const chassis = [], nodes = [];
  const lefts = [];
  cabinet.widths.reduce((left, width, column) => {
    lefts[column] = left;
    return left + width * m.pitch + (cabinet.slots[column] - 1) * m.slotGap + m.chassisGap;
  }, box.x + m.pad);
  const tops = [];
  cabinet.heights.reduce((top, height, row) => {
    tops[row] = top;
    return top + chassisTop(m) + height * m.pitch + m.chassisGap;
  }, box.y + m.pad);
  for (const each of cabinet.chassis) {
    chassis.push(placeChassis(each, lefts[each.column], tops[each.row], m, place));
    for (const cell of each.cells) nodes.push(cell.index);
  }
  return {label: cabinet.label, ...box, chassis, nodes};
}

// {x, y: of each node, measures, cabinets, width, height}
export function makeLayout(tree, count, width, height) {
  const [m, flowed] = fitting(tree, count, width, height);
  const place = {x: new Float32Array(count), y: new Float32Array(count)};
  const cabinets = tree.map((cabinet, k) => placeCabinet(cabinet, flowed.boxes[k], m, place));
  return {...place, measures: m, cabinets, width: flowed.width, height: flowed.height};
}

// The node at a point, or -1.
export function nodeAt(layout, x, y) {
  const {pitch} = layout.measures;
  for (const box of layout.cabinets) {
    if (x < box.x || y < box.y || x > box.x + box.width || y > box.y + box.height) continue;
    return box.nodes.find((i) => x >= layout.x[i] && x < layout.x[i] + pitch && y >= layout.y[i] && y < layout.y[i] + pitch) ?? -1;
  }
  return -1;
}

const DIRECTIONS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

// The nearest node in the direction of an arrow key, straight on before aside; where there is none, the same node.
export function neighbour(layout, from, key) {
  const [dx, dy] = DIRECTIONS[key];
  let best = from, least = Infinity;
  for (let i = 0; i < layout.x.length; ++i) {
    const right = layout.x[i] - layout.x[from], down = layout.y[i] - layout.y[from];
    const ahead = right * dx + down * dy, aside = Math.abs(right * dy + down * dx);
    if (ahead <= 0 || aside > 2 * ahead) continue;
    const far = ahead + 4 * aside;
    if (far < least) [best, least] = [i, far];
  }
  return best;
}
