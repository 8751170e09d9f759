// Looks at a string after its owner has gone.
#include <memory>
#include <string>

int main() {
  auto name =
      std::make_unique<std::string>("a name that is too long to be kept in the string itself");
  const std::string& kept = *name;
  name.reset();
  return kept.size() == 7 ? 1 : 0;
}
