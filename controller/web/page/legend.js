// What the looks on the map mean, with how many nodes have each; a click highlights these.
import {make, setText} from './dom.js';
import {drawLook} from './looks.js';
import {number} from './words.js';

const SIDE = 14;

export class Legend {
  constructor(list, picture, onChoose) {
    Object.assign(this, {list, picture, onChoose});
    this.looks = null;
    this.chosen = -1;
  }

  // Anew, if other things are shown; `inks` are the colours now.
  build(inks) {
    this.looks = this.picture.looks;
    this.entries = this.looks.map((look, code) => this.makeEntry(look, code, inks));
    this.list.style.setProperty('--digits', `${number(this.picture.model.size).length}ch`);
    this.list.replaceChildren(...this.entries.map(({item}) => item));
    this.update();
  }

  makeEntry(look, code, inks) {
    const ratio = window.devicePixelRatio || 1, size = Math.round(SIDE * ratio);
    const sign = make('canvas', {width: size, height: size});
    sign.setAttribute('aria-hidden', 'true');
    drawLook(sign.getContext('2d'), look, size, inks);
    const count = make('span', {className: 'count'});
    const button = make('button', {type: 'button', onclick: () => this.onChoose(code)}, sign, make('span', {}, look.word), count);
    return {item: make('li', {}, button), button, count};
  }

  // What no node is stays in its place, for the map beneath must not move whenever a first or last one changes.
  update() {
    const {counts} = this.picture;
    this.entries.forEach(({item, button, count}, code) => {
      setText(count, number(counts[code]));
      item.classList.toggle('none', counts[code] === 0);
      button.setAttribute('aria-pressed', String(code === this.chosen));
    });
  }

  choose(code) {
    this.chosen = code;
    this.update();
  }
}
