// Jobs: the list beside the map, and the bar of the one that is painted over it.
import {getJobs} from './api.js';
import {byId, make, setState, setText, throttled} from './dom.js';
import {TASKS, readInks} from './looks.js';
import {keyed, ShortList} from './panel.js';
import {fullTime, inWords, number, shortTime} from './words.js';

const PERIOD = 2000;
const LOOK_AGAIN = 5000;
const MAX_JOBS = 6;

// {all, ended, bad} tasks of {state: count}.
export function tally(counts) {
  const total = {all: 0, ended: 0, bad: 0};
  for (const [state, count] of Object.entries(counts ?? {})) {
    const look = TASKS.find(({id}) => id === state.replace(/^TASK_STATE_/, ''));
    total.all += count;
    if (look?.end) total.ended += count;
    if (look?.end === 'bad') total.bad += count;
  }
  return total;
}

const endedWords = ({all, ended, bad}) => `${number(ended)} of ${number(all)} ended${bad ? `, ${number(bad)} not well` : ''}`;

export class JobList {
  // onChoose(id)
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.list = new ShortList(byId('jobs'), MAX_JOBS);
    this.jobs = [];
    this.chosen = '';
    this.refresh = throttled(() => this.load(), PERIOD);
    // Nothing tells of new ones.
    setInterval(() => document.hidden || document.documentElement.dataset.stream !== 'live' || this.refresh(), LOOK_AGAIN);
  }

  async load() {
    try {
      this.jobs = (await getJobs()).jobs;
      setText(byId('jobs-note'), this.jobs.length ? '' : 'None yet.');
      this.show();
    } catch (error) {
      setText(byId('jobs-note'), error.message);
    }
  }

  show() {
    this.list.show(this.jobs.map((job) => make('li', {}, this.entry(job))));
  }

  entry(job) {
    const state = inWords(job.state), who = [shortTime(job.created), job.created_by].filter(Boolean).join(', ');
    const button = make('button', {type: 'button', className: 'card job'},
      make('span', {className: 'head'}, make('strong', {}, job.what), make('span', {className: `state ${state}`}, state)),
      make('span', {className: 'message'}, endedWords(tally(job.counts))),
      make('span', {className: 'message', title: fullTime(job.created)}, who));
    button.setAttribute('aria-pressed', String(job.id === this.chosen));
    button.addEventListener('click', () => this.onChoose(job.id));
    return keyed(button, job.id);
  }

  choose(id) {
    this.chosen = id;
    this.show();
  }
}

export class JobBar {
  constructor(onLeave) {
    this.section = byId('job');
    this.bar = byId('job-bar');
    this.job = null;
    byId('job-leave').addEventListener('click', onLeave);
  }

  open(id) {
    this.section.hidden = !id;
    this.job = null;
    setText(byId('job-what'), 'Job');
    setText(byId('job-id'), id);
    setText(byId('job-state'), '');
    setText(byId('job-counts'), '');
    this.bar.replaceChildren();
    this.bar.setAttribute('aria-valuenow', '0');
  }

  problem(text) {
    setText(byId('job-counts'), text);
  }

  show(job) {
    this.job = job;
    setText(byId('job-what'), job.what);
    const state = inWords(job.state);
    setText(byId('job-state'), state);
    byId('job-state').className = `state ${state}`;
    const total = tally(job.counts);
    setText(byId('job-counts'), endedWords(total) + (job.detail ? ` · ${job.detail}` : ''));
    const percent = total.all ? Math.floor(100 * total.ended / total.all) : 0;
    setState(this.bar, 'percent', String(percent));
    this.bar.setAttribute('aria-valuenow', String(percent));
    this.bar.setAttribute('aria-valuetext', endedWords(total));
    this.drawBar(job.counts ?? {}, total.all);
  }

  // A piece for each state, as wide as its share: what has ended well at the left, what has not begun at the right.
  drawBar(counts, all) {
    const inks = readInks();
    const order = [...TASKS].reverse().filter(({end}) => end === 'well').concat(TASKS.filter(({id, end}) => id && end !== 'well'));
    const pieces = order.filter(({id}) => counts[id]).map(({id, ink, word}) => {
      const piece = make('span', {title: `${word}: ${number(counts[id])}`});
      piece.style.width = `${100 * counts[id] / all}%`;
      if (id !== 'PENDING') piece.style.background = inks[ink];
      return piece;
    });
    this.bar.replaceChildren(...pieces);
  }

  // The colours are others.
  restyle() {
    if (this.job) this.show(this.job);
  }
}
