#include "controller/cli/pki_command.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/nodeset/node_set.h"
#include "controller/pki/pki.h"

namespace muster {
namespace {

// As the CLI's exit codes are.
constexpr int kNotMade = 1;
constexpr int kBadUsage = 2;

struct IssueOptions {
  std::string dir;
  std::string role;
  std::vector<std::string> sans;
  std::string out;
  std::vector<std::string> names;
  int days = std::chrono::duration_cast<std::chrono::days>(kLeafValidFor).count();
};

void Finish(const absl::Status& status, int& exit_code) {
  if (status.ok()) return;
  std::cerr << "muster: " << Message(status) << "\n";
  exit_code = status.code() == absl::StatusCode::kInvalidArgument ? kBadUsage : kNotMade;
}

absl::Status Init(const std::string& dir) {
  MUSTER_RETURN_IF_ERROR(InitCa(dir));
  std::cout << fmt::format("{0}/ca.pem and {0}/ca-key.pem: a new CA; keep its key to yourself\n",
                           dir);
  return absl::OkStatus();
}

// One plain name, in contrast to a set: its files go to the directory itself.
bool IsOnePlainName(const std::vector<std::string>& names) {
  return names.size() == 1 && IsNodeName(names.front());
}

absl::Status IssueEach(const CertificateAuthority& ca, IssueRequest request,
                       const std::vector<std::string>& names, const std::string& out) {
  if (!request.sans.empty() && names.size() > 1)
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--san is for one name, and these are {}: issue them one by one",
                      names.size());
  for (const std::string& name : names) {
    request.name = name;
    MUSTER_RETURN_IF_ERROR(ca.Issue(request, out + "/" + name));
  }
  std::cout << fmt::format("{}/NAME/{{ca,cert,key}}.pem: {} certificates, {} {}\n", out,
                           names.size(), Name(request.role), FoldNodeSet(names));
  return absl::OkStatus();
}

absl::Status Issue(const IssueOptions& options) {
  const absl::StatusOr<Role> role = RoleFromName(options.role);
  if (!role.ok()) return role.status();
  const absl::StatusOr<CertificateAuthority> ca = CertificateAuthority::Load(options.dir);
  if (!ca.ok()) return ca.status();
  IssueRequest request{
      .role = *role, .sans = options.sans, .valid_for = std::chrono::days(options.days)};
  if (!IsOnePlainName(options.names)) {
    const absl::StatusOr<std::vector<std::string>> names =
        ExpandNodeSet(fmt::format("{}", fmt::join(options.names, ",")));
    if (!names.ok()) return names.status();
    return IssueEach(*ca, request, *names, options.out);
  }
  request.name = options.names.front();
  MUSTER_RETURN_IF_ERROR(ca->Issue(request, options.out));
  std::cout << fmt::format("{}/{{ca,cert,key}}.pem: {} {}\n", options.out, options.role,
                           request.name);
  return absl::OkStatus();
}

void AddInit(CLI::App& pki, int& exit_code) {
  CLI::App* init = pki.add_subcommand("init", "Make a certificate authority in a directory");
  const auto dir = std::make_shared<std::string>();
  init->add_option("DIR", *dir, "Gets ca.pem and ca-key.pem")->required()->type_name("");
  init->callback([dir, &exit_code] { Finish(Init(*dir), exit_code); });
}

void AddIssue(CLI::App& pki, int& exit_code) {
  CLI::App* issue = pki.add_subcommand("issue", "Issue certificates");
  const auto options = std::make_shared<IssueOptions>();
  issue->add_option("--dir", options->dir, "Directory of the CA")->required()->type_name("DIR");
  issue->add_option("--role", options->role, "controller, agent or operator")
      ->required()
      ->type_name("ROLE");
  issue->add_option("--san", options->sans, "Host name or IP address that peers dial")
      ->type_name("HOST")
      ->allow_extra_args(false);
  issue->add_option("--days", options->days, "Validity, no longer than the CA's")
      ->check(CLI::Range(1, 3650))
      ->type_name("N")
      ->capture_default_str();
  issue
      ->add_option(
          "--out", options->out,
          "Gets ca.pem, cert.pem and key.pem; for a set, a directory with them for each name")
      ->required()
      ->type_name("DIR");
  issue
      ->add_option("NAME", options->names,
                   "An agent's xname, another role's name, or a set of them")
      ->required()
      ->type_name("");
  issue->callback([options, &exit_code] { Finish(Issue(*options), exit_code); });
}

}  // namespace

void AddPkiCommands(CLI::App& app, int& exit_code) {
  CLI::App* pki = app.add_subcommand("pki", "Certificates, for sites without their own CA");
  pki->require_subcommand(1);
  AddInit(*pki, exit_code);
  AddIssue(*pki, exit_code);
}

}  // namespace muster
