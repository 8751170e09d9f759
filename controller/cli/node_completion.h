// What may follow in a set of nodes: names, ClusterShell's groups and files of names. Main thread.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/completion.h"

namespace muster::cli {

// Where the last operand of a set begins that is being typed: after , ! & ( or a blank, and after a ^ that stands between two sets.
size_t BeginOfOperand(const std::string& set);

// What may stand for an operand of a set; `word` is what is typed of it. `nodes` are their names; they are asked for only if needed.
std::vector<Candidate> OperandCandidates(const std::string& word,
                                         const std::function<std::vector<Candidate>()>& nodes);

// Those that begin with `word`; of very many only the beginnings of their names.
std::vector<Candidate> NodeCandidates(std::vector<Candidate> nodes, const std::string& word);

}  // namespace muster::cli
