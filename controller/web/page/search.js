// Finding nodes by a node set, which the controller resolves.
import {select} from './api.js';
import {byId, setText} from './dom.js';
import {nodes} from './words.js';

export class Search {
  // onFound(numbers)
  constructor(onFound) {
    this.onFound = onFound;
    this.field = byId('query');
    this.found = byId('found');
    this.abort = null;
    byId('search').addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask(this.field.value.trim());
    });
  }

  async ask(query) {
    this.abort?.abort();
    if (!query) return this.onFound(null);
    this.abort = new AbortController();
    try {
      const {nodes: numbers} = await select(query, this.abort.signal);
      this.say(`${nodes(numbers.length)} found`);
      this.onFound(numbers);
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.onFound(null);
      this.say(error.message, true);
    }
  }

  say(text, isError = false) {
    setText(this.found, text);
    this.found.classList.toggle('error', isError);
    this.field.setAttribute('aria-invalid', String(isError));
  }

  clear() {
    this.abort?.abort();
    this.field.value = '';
    this.say('');
  }

  focus() {
    this.field.focus();
    this.field.select();
  }
}
