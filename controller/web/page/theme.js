// Light or dark: as the system is set, until the button says otherwise; that is kept.
import {setText} from './dom.js';

const KEY = 'muster-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;  // the browser keeps nothing
  }
}

function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it is for as long as the page is open.
  }
}

export function watchTheme(button, onChange) {
  let chosen = kept();
  const isDark = () => (chosen ? chosen === 'dark' : system.matches);
  function apply() {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
    setText(button, isDark() ? 'Light' : 'Dark');
    button.setAttribute('aria-label', isDark() ? 'Light colours' : 'Dark colours');
    onChange();
  }
  button.addEventListener('click', () => {
    chosen = isDark() ? 'light' : 'dark';
    keep(chosen);
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}
