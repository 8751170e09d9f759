// How nodes look: a colour and a shape for each thing that can be said of them, so that nothing is told by colour alone. The colours are
// told apart with any colour vision; they are those of Okabe and Ito, calmed where most of the machine has them.

// ink: the colour, as style.css names it (--ink-…); shape: see SHAPES.
const WELL = {ink: 'well', shape: 'full'};
const BAD = {ink: 'bad', shape: 'cross'};
const DIM = {ink: 'dim', shape: 'ring'};
const NOTHING = {ink: 'faint', shape: 'full'};

export const VERDICTS = [{id: 'well', word: 'well', ...WELL}, {id: 'degraded', word: 'degraded', ...BAD},
                         {id: 'unknown', word: 'unknown', ...DIM}];

export const TRUTHS = [{id: 'T', word: 'True', ...WELL}, {id: 'F', word: 'False', ...BAD}, {id: 'U', word: 'Unknown', ...DIM},
                       {id: '-', word: 'says nothing', ...NOTHING}];

// What an operator must act upon first comes first; what is still under way last. `end` says how a task of this state counts.
export const TASKS = [
  {id: 'LOST', word: 'lost', ink: 'text', shape: 'cross', end: 'bad'},
  {id: 'TIMED_OUT', word: 'timed out', ink: 'amber', shape: 'slash', end: 'bad'},
  {id: 'FAILED', word: 'failed', ink: 'bad', shape: 'cross', end: 'bad'},
  {id: 'UNDELIVERED', word: 'undelivered', ink: 'amber', shape: 'ring', end: 'bad'},
  {id: 'REFUSED', word: 'refused', ink: 'pink', shape: 'bar', end: 'bad'},
  {id: 'CANCELLED', word: 'cancelled', ink: 'dim', shape: 'slash', end: 'bad'},
  {id: 'NOT_APPLICABLE', word: 'not applicable', ink: 'dim', shape: 'bar', end: 'none'},
  {id: 'ALREADY_SATISFIED', word: 'already satisfied', ink: 'well', shape: 'ring', end: 'well'},
  {id: 'SUCCEEDED', word: 'succeeded', ink: 'well', shape: 'full', end: 'well'},
  {id: 'VERIFYING', word: 'verifying', ink: 'blue', shape: 'dot', end: ''},
  {id: 'RUNNING', word: 'running', ink: 'sky', shape: 'full', end: ''},
  {id: 'DISPATCHED', word: 'dispatched', ink: 'sky', shape: 'ring', end: ''},
  {id: 'PENDING', word: 'pending', ink: 'dim', shape: 'small', end: ''},
  {id: '', word: 'not in this job', ...NOTHING, end: 'none'},
];
export const NOT_IN_JOB = TASKS.length - 1;

const numbersOfTasks = new Map(TASKS.map(({id}, number) => [id, number]));
// -1 of a state that this page does not know.
export const taskNumber = (state) => numbersOfTasks.get(String(state).replace(/^TASK_STATE_/, '')) ?? -1;

const INKS = ['well', 'bad', 'dim', 'faint', 'text', 'amber', 'pink', 'blue', 'sky', 'mark', 'name', 'paper'];

// The colours as they are now, light or dark.
export function readInks() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(INKS.map((ink) => [ink, style.getPropertyValue(`--ink-${ink}`).trim()]));
}

function line(context, size, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1 * size, y1 * size);
  context.lineTo(x2 * size, y2 * size);
  context.stroke();
}

// What is drawn upon the full square, of `size` pixels.
const SHAPES = {
  full() {},
  cross(context, size) {
    line(context, size, 0.2, 0.2, 0.8, 0.8);
    line(context, size, 0.8, 0.2, 0.2, 0.8);
  },
  slash: (context, size) => line(context, size, 0.15, 0.85, 0.85, 0.15),
  bar: (context, size) => line(context, size, 0.15, 0.5, 0.85, 0.5),
  dot(context, size) {
    const side = Math.max(1, Math.round(size * 0.3)), at = Math.round((size - side) / 2);
    context.fillRect(at, at, side, side);
  },
  ring(context, size, hasName) {
    const edge = Math.max(1, Math.round(size / (hasName ? 12 : 5)));
    context.clearRect(edge, edge, size - 2 * edge, size - 2 * edge);
  },
  small(context, size, hasName) {
    const edge = Math.max(1, Math.round(size * (hasName ? 0.4 : 0.3)));
    context.clearRect(0, 0, size, edge);
    context.clearRect(0, size - edge, size, edge);
    context.clearRect(0, 0, edge, size);
    context.clearRect(size - edge, 0, edge, size);
  },
};

// One node's picture, of `size` device pixels, with its corner at 0, 0 of the context. A mark leaves room for the node's name.
export function drawLook(context, look, size, inks, hasName = false) {
  context.fillStyle = inks[look.ink];
  context.beginPath();
  context.roundRect(0, 0, size, size, size >= 12 ? size / 8 : 0);
  context.fill();
  // A cross that is smaller than this is a blot; a light middle is still seen.
  const shape = size < 5 && look.shape in {cross: 0, slash: 0, bar: 0} ? 'dot' : look.shape;
  context.fillStyle = context.strokeStyle = look.ink === 'text' ? inks.paper : inks.mark;
  context.lineWidth = Math.max(1, size / 7);
  if (!hasName || shape in {ring: 0, small: 0}) return SHAPES[shape](context, size, hasName);
  context.translate(size * 0.25, size * 0.38);
  SHAPES[shape](context, size * 0.5);
}

// All looks side by side, to be copied from: far cheaper than to draw each node.
export function makeSprites(looks, size, inks, hasName) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, looks.length * (size + 1));
  canvas.height = size;
  const context = canvas.getContext('2d');
  looks.forEach((look, k) => {
    context.save();
    context.translate(k * (size + 1), 0);
    context.beginPath();
    context.rect(0, 0, size, size);
    context.clip();
    drawLook(context, look, size, inks, hasName);
    context.restore();
  });
  return canvas;
}
