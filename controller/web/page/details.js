// All that is known of one node.
import {getNode} from './api.js';
import {byId, make, setText, throttled} from './dom.js';
import {eventWords} from './panel.js';
import {fullTime, inWords, kindName, shortTime, stateName} from './words.js';

const PERIOD = 1000;

const withoutPrefix = (presence) => inWords(String(presence ?? '').replace(/^PRESENCE_/, ''));
const either = (...values) => values.filter((value) => value !== undefined && value !== null && value !== '').join(', ');

// [[word, text] …] of what there is to say.
function facts(node) {
  const since = node.presence_time ? ` since ${shortTime(node.presence_time)}` : '';
  return [
    ['Known as', either(...(node.aliases ?? []))],
    ['Role', [node.role, node.sub_role].filter(Boolean).join('/')],
    ['Agent', either(withoutPrefix(node.presence) + since, node.agent_version && `version ${node.agent_version}`)],
    ['Address', node.address],
    ['HSM', either(node.hsm_state, node.enabled === false && 'disabled' || '', node.locked ? 'locked' : '')],
    ['Groups', either(...(node.groups ?? []), node.partition)],
    ['Booted as', node.boot_id],
  ].filter(([, text]) => text);
}

function unitWords(unit) {
  if (unit.load_state && unit.load_state !== 'loaded') return unit.load_state;
  const result = unit.result && unit.result !== 'success' ? `, result ${unit.result}` : '';
  return `${unit.active_state} (${unit.sub_state})${result}`;
}

const sinceWords = (time) => (time ? make('time', {dateTime: time, title: fullTime(time)}, `since ${shortTime(time)}`) : '');

function conditionLine(condition) {
  const state = stateName(condition.state);
  return make('li', {className: state},
    make('span', {className: 'head'}, make('strong', {}, kindName(condition.kind)), make('b', {}, state),
         make('span', {}, condition.reason), sinceWords(condition.since)),
    condition.message ? make('span', {className: 'message'}, condition.message) : '');
}

function pairs(rows) {
  return make('dl', {className: 'facts'}, ...rows.flatMap(([word, text]) => [make('dt', {}, word), make('dd', {}, String(text))]));
}

function part(title, element) {
  return [make('h3', {}, title), element];
}

function body(node) {
  const units = node.status?.units ?? [], events = node.events ?? [], conditions = node.conditions ?? [];
  return [
    pairs(facts(node)),
    ...part('Conditions', make('ul', {className: 'conditions'}, ...conditions.map(conditionLine))),
    ...(units.length ? part('Units', pairs(units.map((unit) => [unit.unit, unitWords(unit)]))) : []),
    ...(events.length ? part('History', make('ul', {className: 'events'}, ...events.map((event) =>
      make('li', {className: stateName(event.state)}, ...eventWords(event, ''))))) : []),
  ];
}

export class Details {
  // onClose()
  constructor(onClose) {
    this.section = byId('node');
    this.name = '';
    this.onClose = onClose;
    this.refresh = throttled(() => this.load(), PERIOD);
    byId('node-close').addEventListener('click', () => this.close());
  }

  async open(name) {
    const isOther = name !== this.name;
    this.name = name;
    setText(byId('node-name'), name);
    if (isOther) byId('node-body').replaceChildren();
    this.section.hidden = false;
    await this.load();
    if (this.name === name) this.section.scrollIntoView({block: 'nearest'});
  }

  async load() {
    const {name} = this;
    if (!name) return;
    let content;
    try {
      content = body(await getNode(name));
    } catch (error) {
      content = [make('p', {className: 'error'}, error.message)];
    }
    if (this.name === name) byId('node-body').replaceChildren(...content);
  }

  close() {
    this.name = '';
    this.section.hidden = true;
    this.onClose();
  }
}
