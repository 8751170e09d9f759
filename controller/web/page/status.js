// Whether the picture is live, and how old it is if not: it never pretends.
import {byId, setState, setText} from './dom.js';
import {clock, duration} from './words.js';

export class Status {
  constructor() {
    this.since = null;
    this.pictureOf = null;
    this.problem = '';
    setInterval(() => this.tell(), 1000);
  }

  live() {
    this.since = null;
    this.tell();
    setState(byId('live'), 'state', 'live');
    setText(byId('live'), 'live');
    setState(document.documentElement, 'stream', 'live');
  }

  // `heard`: when the stream told something last.
  lost(problem, heard) {
    this.problem = problem.message;
    if (!this.since) {
      this.since = new Date();
      this.pictureOf = heard;
    }
    setState(byId('live'), 'state', 'lost');
    setText(byId('live'), `lost since ${clock(this.since)}`);
    setState(document.documentElement, 'stream', 'lost');
    this.tell();
  }

  // There is a picture; before, there is none whose age could be told.
  drawn() {
    this.pictureOf = null;
    this.hasPicture = true;
    this.tell();
  }

  tell() {
    const banner = byId('problem');
    banner.hidden = !this.since;
    if (!this.since) return;
    const age = this.hasPicture && this.pictureOf ? ` · what is shown is ${duration(Date.now() - this.pictureOf)} old` : '';
    setText(byId('problem-why'), `Not live since ${clock(this.since)}: ${this.problem}`);
    setText(byId('problem-age'), age);
  }
}
