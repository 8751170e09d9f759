// The lists beside the map: what is wrong, and what happened of late.
import {getHealth, getHistory} from './api.js';
import {byId, make, setText, throttled} from './dom.js';
import {fullTime, kindName, nodes, shortTime, stateName} from './words.js';

const PERIOD = 2000;
const MAX_GROUPS = 10;
const MAX_EVENTS = 12;
// A folded set that is longer is cut; the map shows all of it.
const MAX_NODES = 120;

const cut = (text) => (text.length <= MAX_NODES ? text : `${text.slice(0, MAX_NODES)}…`);

// A list that shows its first entries, and the others once asked for.
export class ShortList {
  constructor(list, most) {
    Object.assign(this, {list, most, isLong: false});
  }

  // Entries keep the keyboard's focus by their key, for lists are made anew all the time.
  show(items) {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const shown = this.isLong ? items : items.slice(0, this.most);
    this.list.replaceChildren(...shown);
    if (shown.length < items.length) this.list.append(this.moreButton(items));
    if (focused) [...this.list.querySelectorAll('button')].find((button) => button.dataset.key === focused)?.focus({preventScroll: true});
  }

  moreButton(items) {
    const button = make('button', {type: 'button', className: 'more'}, `${items.length - this.most} more`);
    button.addEventListener('click', () => {
      this.isLong = true;
      this.show(items);
      this.list.querySelectorAll('button')[this.most]?.focus();
    });
    return make('li', {}, button);
  }
}

export function keyed(button, key) {
  button.dataset.key = key;
  return button;
}

export class Wrong {
  // onChoose(folded set, or null, key)
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.list = new ShortList(byId('wrong'), MAX_GROUPS);
    this.groups = [];
    this.chosen = '';
    this.refresh = throttled(() => this.load(), PERIOD);
  }

  async load() {
    try {
      const health = await getHealth();
      this.groups = health.groups ?? [];
      setText(byId('wrong-note'), this.note(health));
      this.show();
    } catch (error) {
      setText(byId('wrong-note'), error.message);
    }
  }

  note(health) {
    const problem = health.subscriptions_problem;
    const time = health.subscriptions_time;
    if (problem) return `HMNFD's list ${time ? `is of ${fullTime(time)}` : 'is not known'}: ${problem}`;
    return this.groups.length ? '' : 'Nothing that Muster knows of.';
  }

  show() {
    this.list.show(this.groups.map((group) => make('li', {}, this.entry(group))));
  }

  entry(group) {
    const kind = kindName(group.kind), state = stateName(group.state);
    const key = `${kind} ${state} ${group.reason}`;
    const button = make('button', {type: 'button', className: `card ${state}`},
      make('span', {className: 'head'}, make('strong', {}, `${kind} ${state}`), make('span', {}, group.reason),
           make('span', {className: 'count'}, nodes(group.count))),
      make('code', {}, cut(group.nodes)),
      group.message ? make('span', {className: 'message'}, `e.g. ${group.example_node}: ${group.message}`) : '');
    button.setAttribute('aria-pressed', String(key === this.chosen));
    button.addEventListener('click', () => this.onChoose(key === this.chosen ? null : group.nodes, key));
    return keyed(button, key);
  }

  choose(key) {
    this.chosen = key;
    this.show();
  }
}

export class Events {
  // onChoose(folded set)
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.list = new ShortList(byId('events'), MAX_EVENTS);
    this.refresh = throttled(() => this.load(), PERIOD);
  }

  async load() {
    try {
      const {events} = await getHistory();
      setText(byId('events-note'), events.length ? '' : 'None yet.');
      this.list.show(events.map((event) => make('li', {}, this.entry(event))));
    } catch (error) {
      setText(byId('events-note'), error.message);
    }
  }

  entry(event) {
    const button = make('button', {type: 'button', className: stateName(event.state)}, ...eventWords(event, nodes(event.count ?? 1)));
    button.addEventListener('click', () => this.onChoose(event.nodes));
    return keyed(button, `${event.time} ${event.kind} ${event.state} ${event.reason}`);
  }
}

// Of a line: when, what became of which condition, of whom, and what was said.
export function eventWords(event, whose) {
  const time = make('time', {dateTime: event.time, title: fullTime(event.time)}, shortTime(event.time));
  const what = [kindName(event.kind), stateName(event.state), event.reason].filter(Boolean).join(' ');
  return [time, make('span', {className: 'what'}, what), make('span', {className: 'count'}, whose),
          event.message ? make('span', {className: 'message'}, event.message) : ''];
}
