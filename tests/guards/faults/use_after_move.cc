// Uses a string that it has given away.
#include <string>
#include <utility>

int main() {
  std::string name = "x1000c0s0b0n0";
  const std::string owner = std::move(name);
  return name.size() == owner.size() ? 0 : 1;
}
