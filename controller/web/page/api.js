// What the controller is asked, and its answers; nothing is ever sent but GET.

// What went wrong, in a sentence for people; `status` is 0 if there was no answer.
export class Problem extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

export async function problemOf(response) {
  let sentence = '';
  try {
    sentence = (await response.json()).error;
  } catch {
    // Whatever stands before the controller may answer in HTML.
  }
  return new Problem(String(sentence || `the controller answered ${response.status}`), response.status);
}

// Of a path; throws a Problem.
export async function ask(path, options = {}) {
  try {
    const response = await fetch(path, {cache: 'no-store', ...options});
    if (!response.ok) throw await problemOf(response);
    return await response.json();
  } catch (error) {
    if (error instanceof Problem || error.name === 'AbortError') throw error;
    throw new Problem('the controller does not answer', 0);
  }
}

export const getMap = () => ask('/api/map');
export const getHealth = () => ask('/api/health');
export const getHistory = () => ask('/api/history');
export const getJobs = () => ask('/api/jobs');
export const getNode = (name) => ask(`/api/node/${encodeURIComponent(name)}`);
export const select = (query, signal) => ask(`/api/select?q=${encodeURIComponent(query)}`, {signal});
export const eventsPath = (job) => '/api/events' + (job ? `?job=${encodeURIComponent(job)}` : '');
