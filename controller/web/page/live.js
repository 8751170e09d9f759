// The stream of events. It is read by hand, for EventSource hides three things that have to be told: the sentence of a 401 or 503, that a
// stream is silent because its connection is dead, and when something was heard last.
import {Problem, eventsPath, problemOf} from './api.js';

const RETRY = 2000;
// Browsers ask for the password each time.
const RETRY_REFUSED = 30000;
// The controller's comments come far more often.
const SILENCE = 45000;

// Cuts text into events as it comes: feed(text) calls onEvent(name, data) for each that is complete.
export class EventParser {
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.rest = '';
    this.name = '';
    this.data = [];
  }

  feed(text) {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop();
    for (const line of lines) this.take(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  take(line) {
    if (line === '') return this.end();
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    if (field === 'data') this.data.push(value);
  }

  end() {
    if (this.data.length) this.onEvent(this.name || 'message', this.data.join('\n'));
    this.name = '';
    this.data = [];
  }
}

// Comes back by itself whenever it ends. `on` has opened(isBack), event(name, data) and
// ended(problem), which says whether to come back at once.
export class Live {
  constructor(on) {
    this.on = on;
    this.job = '';
    this.lastHeard = 0;
    this.wasLost = false;
    this.abort = null;
    this.wake = null;
  }

  start() {
    this.run();
    setInterval(() => this.checkSilence(), 5000);
    addEventListener('online', () => this.wake?.());
  }

  // Another job, or none: the stream starts anew, which is no loss.
  follow(job) {
    this.job = job;
    this.restart();
  }

  restart() {
    this.wanted = true;
    this.abort?.abort();
    this.wake?.();
  }

  checkSilence() {
    if (this.abort && this.lastHeard && Date.now() - this.lastHeard > SILENCE) this.abort.abort();
  }

  async run() {
    while (true) {
      const problem = await this.connect();
      if (this.wanted) {
        this.wanted = false;
        continue;
      }
      this.wasLost = true;
      if (!this.on.ended(problem)) await this.pause(problem.status === 401 ? RETRY_REFUSED : RETRY);
    }
  }

  pause(period) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, period);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // Until it ends; why it did.
  async connect() {
    this.abort = new AbortController();
    this.wanted = false;
    // A connection that nobody answers is given up, too.
    this.lastHeard = Date.now();
    try {
      const response = await fetch(eventsPath(this.job), {signal: this.abort.signal, cache: 'no-store'});
      if (!response.ok) return await problemOf(response);
      this.on.opened(this.wasLost);
      this.wasLost = false;
      await this.read(response.body.getReader());
    } catch {
      // Aborted or broken: both are an end.
    } finally {
      this.abort = null;
    }
    return new Problem('the connection to the controller has ended', 0);
  }

  async read(reader) {
    const decoder = new TextDecoder();
    const parser = new EventParser((name, data) => this.on.event(name, JSON.parse(data)));
    while (true) {
      const {done, value} = await reader.read();
      if (done) return;
      this.lastHeard = Date.now();
      parser.feed(decoder.decode(value, {stream: true}));
    }
  }
}
