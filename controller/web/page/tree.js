// The machine by the names of its nodes: cabinets of chassis of slots of nodes, each node at its place in its chassis, counted in cells.

const XNAME = /^x(\d{1,6})c(\d{1,6})s(\d{1,6})b(\d{1,6})n(\d{1,6})$/;
// As an EX chassis has them: eight slots side by side, up to four nodes in each.
const SLOTS_ACROSS = 8;
const NODES_DOWN = 4;
const CHASSIS_ACROSS = 2;
const OTHERS_ACROSS = 16;

export const OTHER = 'other';

function getOrMake(map, key, makeValue) {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = makeValue());
  return value;
}

// {cabinet number: {chassis number: {slot number: [[board, node, index] …]}}}, and the indexes of all other names.
function sort(names) {
  const cabinets = new Map(), others = [];
  names.forEach((name, index) => {
    const match = XNAME.exec(name);
    if (!match) return others.push(index);
    const [x, c, s, b, n] = match.slice(1).map(Number);
    const slots = getOrMake(getOrMake(cabinets, x, () => new Map()), c, () => new Map());
    getOrMake(slots, s, () => []).push([b, n, index]);
  });
  return [cabinets, others];
}

const inOrder = (map) => [...map].sort(([a], [b]) => a - b);

function makeChassis(number, slots) {
  const ordered = inOrder(slots);
  // An empty slot of an EX chassis leaves its place empty; a rack with forty slots is packed.
  const isSparse = ordered.at(-1)[0] < SLOTS_ACROSS;
  const most = Math.max(...ordered.map(([, nodes]) => nodes.length));
  const down = Math.min(most, NODES_DOWN), across = Math.ceil(most / NODES_DOWN);
  const cells = [], columns = [];
  let width = 0, height = 0;
  ordered.forEach(([slot, nodes], order) => {
    const place = isSparse ? slot : order;
    const left = place % SLOTS_ACROSS, top = Math.floor(place / SLOTS_ACROSS) * down;
    nodes.sort(([b1, n1], [b2, n2]) => b1 - b2 || n1 - n2).forEach(([board, node, index], k) => {
      cells.push({index, slot: left, x: left * across + Math.floor(k / down), y: top + k % down,
                  label: isSparse ? `b${board}n${node}` : most === 1 ? `s${slot}` : `s${slot}b${board}n${node}`});
    });
    if (isSparse) columns.push({label: `s${slot}`, slot: left, x: left * across});
    width = Math.max(width, (left + 1) * across);
    height = Math.max(height, top + down);
  });
  return {label: `c${number}`, cells, columns, width, height, slots: Math.ceil(width / across)};
}

const short = (name) => (name.length <= 7 ? name : `${name.slice(0, 6)}…`);

function makeOthers(indexes, names) {
  const cells = indexes.map((index, k) =>
    ({index, slot: 0, x: k % OTHERS_ACROSS, y: Math.floor(k / OTHERS_ACROSS), label: short(names[index])}));
  return {label: '', cells, columns: [], width: Math.min(indexes.length, OTHERS_ACROSS), height: Math.ceil(indexes.length / OTHERS_ACROSS),
          slots: 1};
}

// A cabinet: chassis two side by side, as wide and as high as the largest of their column and row.
function makeCabinet(label, chassis) {
  const widths = [], heights = [], slots = [];
  chassis.forEach((each, k) => {
    each.column = k % CHASSIS_ACROSS;
    each.row = Math.floor(k / CHASSIS_ACROSS);
    widths[each.column] = Math.max(widths[each.column] ?? 0, each.width);
    slots[each.column] = Math.max(slots[each.column] ?? 0, each.slots);
    heights[each.row] = Math.max(heights[each.row] ?? 0, each.height);
  });
  return {label, chassis, widths, heights, slots};
}

export function makeTree(names) {
  const [cabinets, others] = sort(names);
  const tree = inOrder(cabinets).map(([number, chassis]) =>
    makeCabinet(`x${number}`, inOrder(chassis).map(([c, slots]) => makeChassis(c, slots))));
  if (others.length) tree.push(makeCabinet(OTHER, [makeOthers(others, names)]));
  return tree;
}
