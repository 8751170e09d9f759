// The keyboard's cursor on the map, which is told in words, too; and the keys of the page.
import {setText} from './dom.js';
import {neighbour} from './layout.js';
import {letterName} from './words.js';

export class Cursor {
  constructor({canvas, cursor, said}, view, picture, tip) {
    Object.assign(this, {canvas, cursor, said, view, picture, tip});
    this.node = -1;
    this.isFocused = false;
    canvas.addEventListener('focus', () => this.focus(true));
    canvas.addEventListener('blur', () => this.focus(false));
  }

  focus(isFocused) {
    // After a click, too, but then the cursor is where the click was.
    this.isFocused = isFocused;
    if (isFocused && this.node < 0 && this.view.model.size && this.canvas.matches(':focus-visible')) this.moveTo(this.first());
    this.place();
    if (!isFocused) this.tip.show(-1);
  }

  inOrder() {
    return this.view.layout.cabinets.flatMap(({nodes}) => nodes);
  }

  first() {
    return this.inOrder()[0];
  }

  moveTo(i) {
    this.node = i;
    this.view.scrollTo(i);
    this.place();
    this.tip.show(i);
    setText(this.said, this.words(i));
  }

  // After the map is placed anew.
  place() {
    const {layout, model} = this.view;
    if (this.node >= model.size) this.node = -1;
    this.cursor.hidden = this.node < 0 || !this.isFocused;
    if (this.cursor.hidden) return;
    const {size} = layout.measures;
    Object.assign(this.cursor.style, {left: `${layout.x[this.node] - 3}px`, top: `${layout.y[this.node] - 3}px`, width: `${size + 6}px`,
                                      height: `${size + 6}px`});
  }

  words(i) {
    const {model} = this.view;
    const names = [model.names[i], model.aliases[i], model.role(i)].filter(Boolean).join(', ');
    const told = model.conditions(i).filter(([, letter]) => letter !== 'T').map(([kind, letter]) => `${kind} ${letterName(letter)}`);
    return `${names}: ${[this.picture.look(i).word, ...told].join(', ')}`;
  }

  // Whether it was a key of the map.
  press(event) {
    const {size} = this.view.model;
    if (!size || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === 'Home') this.moveTo(this.first());
    else if (event.key === 'End') this.moveTo(this.inOrder().at(-1));
    else if (event.key.startsWith('Arrow')) this.moveTo(this.node < 0 ? this.first() : neighbour(this.view.layout, this.node, event.key));
    else return false;
    return true;
  }
}

const isTyping = (element) => element.matches('input, textarea, select, [contenteditable]');

// `on` has enter(node), clear() and search().
export function watchKeys(canvas, cursor, on) {
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && cursor.node >= 0) on.enter(cursor.node);
    else if (!cursor.press(event)) return;
    event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return on.clear();
    if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    event.preventDefault();
    on.search();
  });
}
