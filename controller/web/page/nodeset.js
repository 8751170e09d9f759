// Node sets as the controller folds them: "x1000c[0-7]s0b0n[0-1],nid[000001-000100,7]".

// No set of a machine is larger; a text that says so is none.
const MAX_NAMES = 1000000;

// Cuts at commas outside of brackets.
function items(text) {
  return text.match(/(?:\[[^\]]*\]|[^,[])+/g) ?? [];
}

function expandRange(range) {
  const [first, last = first] = range.split('-');
  const begin = Number(first), end = Number(last);
  if (!Number.isInteger(begin) || !Number.isInteger(end) || end - begin > MAX_NAMES) return [range];
  const numbers = [];
  for (let number = begin; number <= end; ++number) numbers.push(String(number).padStart(first.length, '0'));
  return numbers;
}

function expandItem(item) {
  let names = [''];
  for (const part of item.match(/\[[^\]]*\]|[^[]+/g) ?? []) {
    const choices = part.startsWith('[') ? part.slice(1, -1).split(',').flatMap(expandRange) : [part];
    if (names.length * choices.length > MAX_NAMES) return [];
    names = names.flatMap((name) => choices.map((choice) => name + choice));
  }
  return names;
}

export function expand(set) {
  return items(set).flatMap((item) => expandItem(item.trim()));
}
