// The keys of musterd's file.
#pragma once

#include "common/settings.h"
#include "controller/config.h"

namespace muster {

// `config`, whose values are the defaults, is lent to the result.
Settings ControllerSettings(ControllerConfig* config);

}  // namespace muster
