// Adds to the largest number there is, where the compiler cannot see that it is.
#include <limits>

volatile int largest = std::numeric_limits<int>::max();
volatile int sum = 0;

int main(int argc, char**) {
  sum = largest + argc;
  return 0;
}
