// The map on its canvas. The canvas is as large as what is seen of it and stays there while the map scrolls beneath, for no browser has
// canvases as high as a hundred thousand nodes are on a phone. What changed is drawn anew, once a frame, and nothing else.
import {makeLayout, nodeAt} from './layout.js';
import {makeSprites, readInks} from './looks.js';
import {makeTree} from './tree.js';

const DIMMED = 0.2;

export class MapView {
  constructor({canvas, scroller, extent}, model, picture) {
    Object.assign(this, {canvas, scroller, extent, model, picture});
    this.context = canvas.getContext('2d');
    this.tree = [];
    this.layout = makeLayout([], 0, 1, 1);
    this.changed = [];
    this.isAllDue = this.isFrameDue = false;
    this.frames = 0;
    this.onFrame = () => {};
    this.onLayout = () => {};
    new ResizeObserver(() => this.place()).observe(scroller);
    scroller.addEventListener('scroll', () => this.drawAll(), {passive: true});
  }

  // The nodes are others.
  build() {
    this.tree = makeTree(this.model.names);
    this.place();
  }

  place() {
    const {clientWidth: width, clientHeight: height} = this.scroller;
    if (!width || !height) return;
    this.ratio = window.devicePixelRatio || 1;
    this.layout = makeLayout(this.tree, this.model.size, width, height);
    Object.assign(this, {width, height});
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.extent.style.width = `${this.layout.width}px`;
    this.extent.style.height = `${Math.max(0, this.layout.height - height)}px`;
    this.restyle();
    this.onLayout();
    // Setting the size has emptied the canvas: no frame may show it so.
    this.draw();
  }

  // The looks are others, or their colours.
  restyle() {
    this.inks = readInks();
    this.pixels = Math.max(2, Math.round(this.layout.measures.size * this.ratio));
    this.sprites = makeSprites(this.picture.looks, this.pixels, this.inks, this.layout.measures.hasNodeNames);
    const style = getComputedStyle(this.canvas);
    this.colours = {frame: style.getPropertyValue('--map-frame'), box: style.getPropertyValue('--map-box'),
                    text: style.getPropertyValue('--muted'), page: style.getPropertyValue('--map-page')};
    this.font = style.fontFamily;
    this.drawAll();
  }

  drawAll() {
    this.isAllDue = true;
    this.wantFrame();
  }

  drawNodes(numbers) {
    if (!numbers.length) return;
    for (const i of numbers) this.changed.push(i);
    this.wantFrame();
  }

  wantFrame() {
    if (this.isFrameDue) return;
    this.isFrameDue = true;
    requestAnimationFrame(() => {
      this.isFrameDue = false;
      if (this.isAllDue || this.changed.length) this.draw();
    });
  }

  draw() {
    const {context} = this;
    this.left = this.scroller.scrollLeft;
    this.top = this.scroller.scrollTop;
    if (this.isAllDue || this.changed.length > this.model.size / 2) this.drawMachine(context);
    else this.drawChanged(context);
    context.globalAlpha = 1;
    this.isAllDue = false;
    this.changed = [];
    ++this.frames;
    this.onFrame();
  }

  // In CSS pixels of the map, for boxes and words.
  useMapUnits(context) {
    context.setTransform(this.ratio, 0, 0, this.ratio, -this.left * this.ratio, -this.top * this.ratio);
  }

  drawMachine(context) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = this.colours.page;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const seen = this.layout.cabinets.filter((box) => this.isSeen(box));
    this.useMapUnits(context);
    for (const box of seen) this.drawCabinet(context, box);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const box of seen) this.drawSprites(context, box.nodes);
    this.useMapUnits(context);
    if (this.layout.measures.hasNodeNames) for (const box of seen) this.drawNodeNames(context, box);
  }

  isSeen(box) {
    return box.y < this.top + this.height && box.y + box.height > this.top - 20 && box.x < this.left + this.width &&
      box.x + box.width > this.left;
  }

  write(context, text, x, y, size, weight = 'normal') {
    context.font = `${weight} ${size}px ${this.font}`;
    context.fillText(text, x, y);
  }

  drawCabinet(context, box) {
    const {hasChassisNames, hasSlotNames} = this.layout.measures;
    context.fillStyle = this.colours.box;
    context.strokeStyle = this.colours.frame;
    context.beginPath();
    context.roundRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.width), Math.round(box.height), 3);
    context.fill();
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = this.colours.text;
    this.write(context, box.label, box.x, box.y - 4, 11, '600');
    for (const chassis of box.chassis) {
      if (hasChassisNames) this.write(context, chassis.label, chassis.x, chassis.top + 8, 10);
      if (hasSlotNames) for (const column of chassis.columns) this.write(context, column.label, column.x, chassis.y - 4, 10);
    }
  }

  // Of these nodes, in device pixels, so that each sprite stays sharp.
  drawSprites(context, numbers) {
    const {layout: {x, y}, ratio, pixels, sprites, left, top, picture: {codes, marked}} = this;
    let alpha = context.globalAlpha = 1;
    for (const i of numbers) {
      const wanted = !marked || marked[i] ? 1 : DIMMED;
      if (wanted !== alpha) alpha = context.globalAlpha = wanted;
      context.drawImage(sprites, codes[i] * (pixels + 1), 0, pixels, pixels, Math.round((x[i] - left) * ratio),
                        Math.round((y[i] - top) * ratio), pixels, pixels);
    }
    context.globalAlpha = 1;
  }

  drawNodeNames(context, box) {
    for (const {cells} of box.chassis) for (const cell of cells) this.drawNodeName(context, cell);
  }

  drawNodeName(context, {index, label}) {
    const {shape, ink} = this.picture.look(index);
    const isOnPage = shape === 'ring' || shape === 'small' || ink === 'faint';
    context.fillStyle = isOnPage ? this.colours.text : ink === 'text' ? this.inks.paper : this.inks.name;
    context.globalAlpha = this.picture.marked && !this.picture.marked[index] ? DIMMED : 1;
    this.write(context, label, this.layout.x[index] + 7, this.layout.y[index] + 16, 10);
    context.globalAlpha = 1;
  }

  drawChanged(context) {
    const {layout: {x, y}, ratio, pixels, left, top, height} = this;
    const seen = this.changed.filter((i) => y[i] < top + height && y[i] + pixels > top);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.colours.box;
    for (const i of seen) context.fillRect(Math.round((x[i] - left) * ratio), Math.round((y[i] - top) * ratio), pixels, pixels);
    this.drawSprites(context, seen);
    if (!this.layout.measures.hasNodeNames) return;
    this.useMapUnits(context);
    const changed = new Set(seen);
    for (const {chassis} of this.layout.cabinets) {
      for (const {cells} of chassis) for (const cell of cells) if (changed.has(cell.index)) this.drawNodeName(context, cell);
    }
  }

  // What is under the pointer, or -1.
  nodeUnder(event) {
    const box = this.canvas.getBoundingClientRect();
    return nodeAt(this.layout, event.clientX - box.left + this.scroller.scrollLeft, event.clientY - box.top + this.scroller.scrollTop);
  }

  // Where a node is, in pixels of what is seen.
  boxOf(i) {
    const {size} = this.layout.measures;
    return {x: this.layout.x[i] - this.scroller.scrollLeft, y: this.layout.y[i] - this.scroller.scrollTop, size};
  }

  scrollTo(i) {
    const {x, y, size} = this.boxOf(i);
    const room = 24;
    if (y < room) this.scroller.scrollTop += y - room;
    else if (y + size + room > this.height) this.scroller.scrollTop += y + size + room - this.height;
    if (x < room) this.scroller.scrollLeft += x - room;
    else if (x + size + room > this.width) this.scroller.scrollLeft += x + size + room - this.width;
  }
}
