# Runs coroutine_battery.cc with the compiler at hand, with and without optimisation, and refuses a compiler that
# gets a shape wrong: a program that it built would fail at random. docs/decisions/0004 has more.
function(corral_check_coroutines)
  file(SHA256 ${CMAKE_SOURCE_DIR}/cmake/coroutine_battery.cc key)
  string(SUBSTRING ${key} 0 12 key)
  # The compiler is judged, not the sanitizers' runtime.
  string(REGEX REPLACE "-f(no-)?sanitize[^ ]*" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")
  foreach(level IN ITEMS 0 2)
    set(passed CORRAL_COROUTINES_O${level}_${key})
    if(${passed})
      continue()
    endif()
    set(wrong "")
    if(CMAKE_CROSSCOMPILING)
      try_compile(compiled SOURCES ${CMAKE_SOURCE_DIR}/cmake/coroutine_battery.cc
        COMPILE_DEFINITIONS -O${level} CXX_STANDARD 23 OUTPUT_VARIABLE output)
      set(status 0)
    else()
      try_run(status compiled SOURCES ${CMAKE_SOURCE_DIR}/cmake/coroutine_battery.cc
        COMPILE_DEFINITIONS -O${level} CXX_STANDARD 23
        COMPILE_OUTPUT_VARIABLE output RUN_OUTPUT_VARIABLE wrong)
    endif()
    string(STRIP "${wrong}" wrong)
    if(NOT compiled)
      string(REGEX MATCH "error: [^\n]*" wrong "${output}")
      set(wrong "it does not compile them: ${wrong}")
    elseif(NOT status EQUAL 0 AND NOT wrong)
      set(wrong "the program crashes")
    endif()
    unset(compiled CACHE)
    unset(status CACHE)
    if(wrong)
      message(FATAL_ERROR "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} builds coroutines wrongly "
        "(-O${level}: ${wrong}). Run scripts/setup, which installs clang 19, and use a preset: "
        "cmake --preset dev")
    endif()
    set(${passed} ON CACHE INTERNAL "")
  endforeach()
endfunction()

corral_check_coroutines()
