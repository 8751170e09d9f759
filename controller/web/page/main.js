// Wires the parts of the page: events change the model, the model the picture, the picture the map.
import {getMap} from './api.js';
import {Details} from './details.js';
import {byId, make, setState, setText} from './dom.js';
import {MapView} from './drawing.js';
import {JobBar, JobList} from './jobs.js';
import {Cursor, watchKeys} from './keyboard.js';
import {Legend} from './legend.js';
import {Live} from './live.js';
import {DEGRADED, Model, UNKNOWN, WELL} from './model.js';
import {expand} from './nodeset.js';
import {Events, Wrong} from './panel.js';
import {Picture} from './picture.js';
import {Tip, watchPointer} from './pointer.js';
import {Search} from './search.js';
import {Status} from './status.js';
import {watchTheme} from './theme.js';
import {fullTime, number} from './words.js';

export const model = new Model();
export const picture = new Picture(model);
const canvas = byId('map');
export const view = new MapView({canvas, scroller: byId('scroller'), extent: byId('extent')}, model, picture);
const tip = new Tip(byId('tip'), byId('map-area'), view, picture);
export const cursor = new Cursor({canvas, cursor: byId('cursor'), said: byId('said')}, view, picture, tip);
const legend = new Legend(byId('legend'), picture, chooseLook);
const wrong = new Wrong(chooseGroup);
const events = new Events((set) => highlightSet(set));
const details = new Details(() => canvas.focus());
const jobList = new JobList((id) => goToJob(id === picture.job ? '' : id));
const jobBar = new JobBar(() => goToJob(''));
const search = new Search(showFound);
const status = new Status();
const live = new Live({opened, event: takeEvent, ended});

// Of the map: the load that is under way, what came meanwhile, and whether it has to be loaded even if its revision is the same.
let loading = null, isStale = true;
// What the stream said while the map was loaded: the revision that it must have at least, and that its nodes are others.
let wanted = 0, isOutdated = false;
const waiting = [];
let isStreaming = false, isDrawn = false;
const RETRY = 2000;

// What is highlighted, and by what: one thing at a time.

function highlight(numbers, {look = -1, group = '', isSearch = false} = {}) {
  picture.highlight(numbers);
  legend.choose(look);
  wrong.choose(group);
  if (!isSearch) search.clear();
  view.drawAll();
  setState(canvas, 'highlighted', numbers ? String(numbers.length) : '');
  byId('clear').hidden = !numbers && !search.field.value;
  if (numbers?.length) view.scrollTo(numbers[0]);
}

function highlightSet(set, by = {}) {
  highlight(set === null ? null : expand(set).map((name) => model.numberOf(name)).filter((i) => i >= 0), by);
}

function chooseGroup(set, key) {
  highlightSet(set, {group: set === null ? '' : key});
}

function showFound(numbers) {
  highlight(numbers, {isSearch: true});
}

function chooseLook(code) {
  const isOff = legend.chosen === code;
  highlight(isOff ? null : picture.numbersOf(code), {look: isOff ? -1 : code});
}

// What is told of the whole machine.

function showCounts() {
  const {counts, size} = model;
  setText(byId('count-well'), number(counts[WELL]));
  setText(byId('count-degraded'), number(counts[DEGRADED]));
  setText(byId('count-unknown'), number(counts[UNKNOWN]));
  const verdict = counts[DEGRADED] ? 'degraded' : counts[WELL] || !size ? 'well' : 'unknown';
  setState(byId('verdict'), 'verdict', size ? verdict : 'none');
  setText(byId('verdict'), size ? verdict : '');
  document.title = counts[DEGRADED] ? `${number(counts[DEGRADED])} degraded - Muster` : 'Muster';
  canvas.setAttribute('aria-label', `The machine: ${number(size)} nodes, ${number(counts[WELL])} well, ` +
    `${number(counts[DEGRADED])} degraded, ${number(counts[UNKNOWN])} unknown`);
}

function refreshLists() {
  wrong.refresh();
  events.refresh();
}

view.onFrame = () => {
  legend.update();
  showCounts();
  tip.refresh();
};
view.onLayout = () => cursor.place();

// Everything on the map anew, after something else is shown.
function redraw() {
  view.restyle();
  legend.build(view.inks);
}

function showKinds() {
  const field = byId('colour'), chosen = picture.colour;
  field.replaceChildren(make('option', {value: 'verdict'}, 'verdict'), ...model.kinds.map((kind) => make('option', {value: kind}, kind)));
  field.value = model.kinds.includes(chosen) ? chosen : 'verdict';
}

// The map.

async function fetchMap() {
  const map = await getMap();
  const isOther = model.set(map);
  picture.rebuild();
  if (isOther) showOtherNodes();
  else redraw();
  showCounts();
  setText(byId('about'), `musterd ${model.version}, started ${fullTime(model.started)}`);
  refreshLists();
  // Tasks go by the numbers of the nodes.
  if (isOther && picture.job) live.restart();
}

function showOtherNodes() {
  highlight(null);
  tip.show(-1);
  view.build();
  legend.build(view.inks);
  showKinds();
  byId('empty').hidden = model.size > 0;
  setText(byId('empty'), 'No node is known yet.');
  setState(canvas, 'nodes', String(model.size));
}

// Again and again until there is one, while there is a stream; when that comes back, it asks for the map, too.
async function reload() {
  isStale = true;
  const mine = loading ??= fetchMap();
  try {
    await mine;
  } catch (problem) {
    if (loading !== mine) return;
    loading = null;
    lost(problem);
    if (isStreaming) setTimeout(reload, RETRY);
    return;
  }
  if (loading !== mine) return;  // another call waited for the same
  loading = null;
  if (isOutdated || model.revision < wanted) {
    isOutdated = false;
    reload();
    return;
  }
  isStale = false;
  status.drawn();
  tellLive();
  markDrawn();
  for (const [name, data] of waiting.splice(0)) applyEvent(name, data);
}

// For who measures: when the first map was on the screen.
function markDrawn() {
  if (isDrawn) return;
  isDrawn = true;
  requestAnimationFrame(() => setTimeout(() => {
    performance.mark('map-drawn');
    performance.measure('navigation-to-map-drawn', {start: 0, end: 'map-drawn'});
  }));
}

// The stream.

let isFirst = false;

function opened(isBack) {
  isFirst = isStreaming = true;
  wanted = 0;
  // A controller that was started again may count its revisions from the beginning.
  isStale ||= isBack;
}

function takeEvent(name, data) {
  if (name === 'map' && isFirst) {
    isFirst = false;
    wanted = data.revision;
    if (!loading && (isStale || data.revision !== model.revision)) reload();
    tellLive();
  }
  if (name === 'reload') {
    isOutdated = loading !== null;
    reload();
  } else if (loading) waiting.push([name, data]);
  else applyEvent(name, data);
}

function tellLive() {
  if (!isStreaming || isStale || isFirst) return;
  status.live();
  jobList.refresh();
}

function applyEvent(name, data) {
  if (name === 'map') changeNodes(data);
  if (name === 'job' && data.id === picture.job) changeTasks(data);
}

function changeNodes({revision, changed}) {
  if (revision <= model.revision || !changed.length) return;
  model.revision = revision;
  const numbers = model.change(changed);
  if (picture.job) showCounts();
  else view.drawNodes(picture.update(numbers));
  if (view.isFrameDue === false) showCounts();
  refreshLists();
  if (details.name && numbers.includes(model.numberOf(details.name))) details.refresh();
}

function changeTasks(job) {
  jobBar.show(job);
  view.drawNodes(picture.changeTasks(job.changed));
  jobList.refresh();
}

function lost(problem) {
  status.lost(problem, live.lastHeard || null);
}

// True: the stream may come back at once.
function ended(problem) {
  isStreaming = false;
  wanted = 0;
  // A job that nobody knows must not keep the map from being live.
  if (picture.job && live.job && (problem.status === 404 || problem.status === 400)) {
    jobBar.problem(problem.message);
    live.job = '';
    return true;
  }
  lost(problem);
  return false;
}

// Jobs, and the address that names them.

const jobInAddress = () => new URLSearchParams(location.search).get('job') ?? '';

function showJob(id) {
  picture.showJob(id);
  jobBar.open(id);
  jobList.choose(id);
  byId('colour').disabled = id !== '';
  highlight(null);
  redraw();
  live.follow(id);
}

function goToJob(id) {
  history.pushState(null, '', id ? `/?job=${encodeURIComponent(id)}` : '/');
  showJob(id);
}

addEventListener('popstate', () => showJob(jobInAddress()));

// What people do.

byId('colour').addEventListener('change', (event) => {
  picture.colourBy(event.target.value);
  highlight(null);
  redraw();
});
byId('clear').addEventListener('click', () => {
  highlight(null);
  search.focus();
});
watchPointer(canvas, view, tip, (i) => {
  cursor.node = i;
  cursor.place();
  details.open(model.names[i]);
});
watchKeys(canvas, cursor, {
  enter: (i) => details.open(model.names[i]).then(() => byId('node-name').focus()),
  clear: () => highlight(null),
  search: () => search.focus(),
});
watchTheme(byId('theme'), () => {
  redraw();
  jobBar.restyle();
});

const jobAtStart = jobInAddress();
if (jobAtStart) {
  picture.showJob(jobAtStart);
  jobBar.open(jobAtStart);
  byId('colour').disabled = true;
  live.job = jobAtStart;
}
jobList.choose(jobAtStart);
reload();
live.start();
