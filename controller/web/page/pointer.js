// The node under the pointer or the keyboard's cursor, told beside it.
import {make} from './dom.js';
import {letterName} from './words.js';

export class Tip {
  constructor(element, area, view, picture) {
    Object.assign(this, {element, area, view, picture});
    this.node = -1;
  }

  show(i) {
    this.node = i;
    this.element.hidden = i < 0;
    if (i < 0) return;
    this.element.replaceChildren(...this.lines(i));
    this.move();
  }

  // Of what is shown, after something changed.
  refresh() {
    if (this.node >= 0) this.show(this.node < this.view.model.size ? this.node : -1);
  }

  lines(i) {
    const {model} = this.picture;
    const names = [model.aliases[i], model.role(i)].filter(Boolean).join(' · ');
    const lines = [make('strong', {}, model.names[i]), names && make('span', {}, names)];
    if (this.picture.job) return [...lines, make('span', {className: 'state'}, this.picture.look(i).word)].filter(Boolean);
    const told = model.conditions(i).map(([kind, letter]) =>
      make('span', {className: `told ${letterName(letter)}`}, make('span', {}, kind), make('b', {}, letterName(letter))));
    return [...lines, ...told].filter(Boolean);
  }

  // Beside the node, where there is room.
  move() {
    const {x, y, size} = this.view.boxOf(this.node);
    const {offsetWidth: width, offsetHeight: height} = this.element;
    const left = x + size + 10 + width < this.area.clientWidth ? x + size + 10 : Math.max(0, x - width - 10);
    const top = Math.max(0, Math.min(y, this.area.clientHeight - height - 4));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

export function watchPointer(canvas, view, tip, onChoose) {
  canvas.addEventListener('pointermove', (event) => {
    const i = view.nodeUnder(event);
    if (i !== tip.node) tip.show(i);
    canvas.classList.toggle('over', i >= 0);
  });
  canvas.addEventListener('pointerleave', () => tip.show(-1));
  canvas.addEventListener('click', (event) => {
    const i = view.nodeUnder(event);
    if (i >= 0) onChoose(i);
  });
}
