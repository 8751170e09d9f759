// What is known of the machine: its nodes, and the conditions of each. Nodes go by their numbers in /api/map.

export const WELL = 0, DEGRADED = 1, UNKNOWN = 2;

export class Model {
  constructor() {
    this.set({revision: -1, version: '', started: '', kinds: [], nodes: [], aliases: [], roles: [], role_of: [], conditions: []});
  }

  // All of it anew; true if the nodes are others than before.
  set(map) {
    const isOther = !(this.revision >= 0) || map.nodes.length !== this.names.length || map.nodes.some((name, i) => name !== this.names[i]);
    this.revision = map.revision;
    this.version = map.version;
    this.started = map.started;
    this.kinds = map.kinds;
    this.names = map.nodes;
    this.aliases = map.aliases;
    this.roles = map.roles;
    this.roleOf = map.role_of;
    this.letters = map.conditions;
    this.attached = map.kinds.indexOf('AgentAttached');
    this.numbers = null;
    this.judge();
    return isOther;
  }

  judge() {
    this.counts = [0, 0, 0];
    this.verdicts = new Uint8Array(this.names.length);
    this.letters.forEach((letters, i) => {
      this.verdicts[i] = this.verdictOn(letters);
      ++this.counts[this.verdicts[i]];
    });
  }

  verdictOn(letters) {
    if (letters.includes('F')) return DEGRADED;
    return letters[this.attached] === 'U' ? UNKNOWN : WELL;
  }

  get size() {
    return this.names.length;
  }

  // Of [[number, letters] …]; those that exist.
  change(changed) {
    const numbers = [];
    for (const [i, letters] of changed) {
      if (!(i in this.letters)) continue;
      this.letters[i] = letters;
      --this.counts[this.verdicts[i]];
      this.verdicts[i] = this.verdictOn(letters);
      ++this.counts[this.verdicts[i]];
      numbers.push(i);
    }
    return numbers;
  }

  role(i) {
    return this.roles[this.roleOf[i]] ?? '';
  }

  // [[kind, letter] …] of what is said of this node.
  conditions(i) {
    return this.kinds.map((kind, k) => [kind, this.letters[i][k] ?? '-']).filter(([, letter]) => letter !== '-');
  }

  // -1 if there is none of that name.
  numberOf(name) {
    this.numbers ??= new Map(this.names.map((each, i) => [each, i]));
    return this.numbers.get(name) ?? -1;
  }
}
