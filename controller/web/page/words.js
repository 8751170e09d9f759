// How kinds, states and times are told to people: as `muster health` does.

// CONDITION_KIND_ORCA_ACTIVE is OrcaActive.
export function kindName(kind) {
  const text = String(kind);
  if (!text.startsWith('CONDITION_KIND_')) return text;
  return text.slice('CONDITION_KIND_'.length).split('_').map((word) => word.charAt(0) + word.slice(1).toLowerCase()).join('');
}

export function stateName(state) {
  const text = String(state).replace(/^CONDITION_STATE_/, '');
  return text === 'TRUE' || text === 'True' ? 'True' : text === 'FALSE' || text === 'False' ? 'False' : 'Unknown';
}

// TIMED_OUT is "timed out".
export const inWords = (name) => String(name ?? '').replace(/^[A-Z]+_STATE_/, '').replaceAll('_', ' ').toLowerCase();

const LETTERS = {T: 'True', F: 'False', U: 'Unknown'};
export const letterName = (letter) => LETTERS[letter] ?? '';

const whole = new Intl.NumberFormat('en');
export const number = (value) => whole.format(value);
export const nodes = (count) => `${number(count)} node${count === 1 ? '' : 's'}`;

const parsed = (time) => (time instanceof Date ? time : new Date(time));

// 2026-11-22 06:09:03Z
export function fullTime(time) {
  const date = parsed(time);
  return Number.isNaN(date.getTime()) ? '?' : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

export const clock = (time) => fullTime(time).slice(11) || '?';

// The day, too, unless it is today's.
export function shortTime(time) {
  const text = fullTime(time);
  return text.slice(0, 10) === fullTime(new Date()).slice(0, 10) ? text.slice(11) : text;
}

export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}
