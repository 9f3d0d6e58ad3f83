# Cross-compiles for macOS with zig, which carries Apple's headers and link stubs of libSystem and
# its own libc++. For scripts/check-macos, which fetches zig and sets the environment:
#   CORRAL_MACOS_CPU   aarch64 or x86_64
#   CORRAL_MACOS_KIT   the folder with zig's wrappers (bin/) and the macOS libraries (CPU/)
# The environment reaches CMake's own trial compilations too, cache variables would not.
set(cpu $ENV{CORRAL_MACOS_CPU})
set(kit $ENV{CORRAL_MACOS_KIT})
if(NOT cpu OR NOT kit)
  message(FATAL_ERROR "CORRAL_MACOS_CPU and CORRAL_MACOS_KIT are not set: run scripts/check-macos")
endif()

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${cpu})
set(CMAKE_C_COMPILER ${kit}/bin/${cpu}-cc)
set(CMAKE_CXX_COMPILER ${kit}/bin/${cpu}-c++)
set(CMAKE_AR ${kit}/bin/ar CACHE FILEPATH "zig's archiver")
set(CMAKE_RANLIB ${kit}/bin/ranlib CACHE FILEPATH "zig's archive indexer")
# Only installing would rewrite names in a Mach-O file, and this build is never installed.
set(CMAKE_INSTALL_NAME_TOOL ${CMAKE_COMMAND} CACHE FILEPATH "not used")

# The wrappers name the CPU and the oldest macOS in zig's -target; Apple's own flags would be a
# second word on it.
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "said by -target")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "said by -target")
set(CMAKE_OSX_SYSROOT "" CACHE PATH "zig brings its own")

# Nothing of this is run or debugged, and zig would put traps for undefined behaviour in.
set(CMAKE_C_FLAGS_INIT "-g0 -fno-sanitize=undefined")
set(CMAKE_CXX_FLAGS_INIT "-g0 -fno-sanitize=undefined")

# Headers and libraries come from the kit alone, never from the Linux that builds.
set(CMAKE_FIND_ROOT_PATH ${kit}/${cpu})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
