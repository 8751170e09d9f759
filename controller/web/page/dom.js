// Elements. Text from the controller only ever becomes textContent.

export const byId = (id) => document.getElementById(id);

// make('p', {className: 'note'}, 'text', element …)
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== ''));
  return element;
}

// Writing the same text again would make screen readers say it again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setState(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

// Calls `work` soon after call(), but no more than once in `period`; never two at a time.
export function throttled(work, period) {
  let last = -Infinity, isDue = false, isBusy = false;
  async function run() {
    isDue = false;
    isBusy = true;
    last = performance.now();
    try {
      await work();
    } finally {
      isBusy = false;
      if (isDue) wait();
    }
  }
  const wait = () => setTimeout(run, Math.max(0, last + period - performance.now()));
  return function call() {
    if (isDue) return;
    isDue = true;
    if (!isBusy) wait();
  };
}
