// The table [csm] of musterd's settings.
#pragma once

#include "common/settings.h"
#include "controller/csm/csm_config.h"

namespace muster {

// `config` is lent to the declarations. What is read needs each other: a service of the gateway's is one that has no URL of its own.
void DeclareCsm(Settings& settings, CsmConfig* config);

}  // namespace muster
