// What the map shows of the model: for each node the number of its look - by verdict, by one condition, or by a job's tasks -, and which
// nodes are highlighted.
import {NOT_IN_JOB, TASKS, TRUTHS, VERDICTS, taskNumber} from './looks.js';

const TRUTH_LETTERS = TRUTHS.map(({id}) => id);

export class Picture {
  constructor(model) {
    this.model = model;
    this.colour = 'verdict';
    this.job = '';
    this.tasks = null;
    this.marked = null;
    this.rebuild();
  }

  // After the nodes are others, or something else is shown.
  rebuild() {
    const {size} = this.model;
    if (this.job && this.tasks?.length !== size) this.forgetTasks();
    if (this.marked && this.marked.length !== size) this.marked = null;
    this.kind = this.model.kinds.indexOf(this.colour);
    this.looks = this.job ? TASKS : this.kind >= 0 ? TRUTHS : VERDICTS;
    this.codes = new Uint8Array(size);
    this.counts = new Array(this.looks.length).fill(0);
    for (let i = 0; i < size; ++i) ++this.counts[this.codes[i] = this.codeOf(i)];
  }

  codeOf(i) {
    if (this.job) return this.tasks[i];
    if (this.kind < 0) return this.model.verdicts[i];
    const code = TRUTH_LETTERS.indexOf(this.model.letters[i][this.kind]);
    return code < 0 ? TRUTHS.length - 1 : code;
  }

  // Those of the nodes that look different now.
  update(numbers) {
    const changed = [];
    for (const i of numbers) {
      const code = this.codeOf(i);
      if (code === this.codes[i]) continue;
      --this.counts[this.codes[i]];
      ++this.counts[code];
      this.codes[i] = code;
      changed.push(i);
    }
    return changed;
  }

  colourBy(colour) {
    this.colour = colour;
    this.rebuild();
  }

  showJob(job) {
    this.job = job;
    this.forgetTasks();
    this.rebuild();
  }

  forgetTasks() {
    this.tasks = new Uint8Array(this.model.size).fill(NOT_IN_JOB);
  }

  // Of [[number, state] …]; the nodes that look different now.
  changeTasks(changed) {
    const numbers = [];
    for (const [i, state] of changed) {
      const task = taskNumber(state);
      if (!(i in this.tasks) || task < 0) continue;
      this.tasks[i] = task;
      numbers.push(i);
    }
    return this.update(numbers);
  }

  // Null: nothing is highlighted, and nothing is dimmed.
  highlight(numbers) {
    this.marked = numbers && new Uint8Array(this.model.size);
    numbers?.forEach((i) => this.marked[i] = 1);
  }

  look(i) {
    return this.looks[this.codes[i]];
  }

  numbersOf(code) {
    const numbers = [];
    this.codes.forEach((each, i) => each === code && numbers.push(i));
    return numbers;
  }
}
