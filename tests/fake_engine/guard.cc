// `guard -- COMMAND...`: what `corral guard -- COMMAND...` does.
#include "engine/guard.h"

int main(int argc, char** argv) { return corral::engine::guard_main(argc, argv); }
