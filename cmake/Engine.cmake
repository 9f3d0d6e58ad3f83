# The embedded engine. Gives two targets:
#   corral_llama  llama.cpp's server as a static library; only with CORRAL_ENGINE
#   corral_embed  what src/cli/embedded.h declares: the engine's entry, the tiny model, licences, versions
# and corral_link_static(TARGET), which makes a program that needs nothing but the system.
set(engine_default ON)
if(CMAKE_CROSSCOMPILING)
  set(engine_default OFF)
endif()
set(gpu_default none)
if(APPLE AND NOT (CMAKE_OSX_ARCHITECTURES STREQUAL "x86_64" OR CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64"))
  set(gpu_default metal)
endif()
option(CORRAL_ENGINE "Build llama.cpp into corral" ${engine_default})
set(CORRAL_LLAMA_DIR "" CACHE PATH "A llama.cpp checkout to build instead of the pinned source")
set(CORRAL_GPU ${gpu_default} CACHE STRING "What the engine computes on beside the processor")
set_property(CACHE CORRAL_GPU PROPERTY STRINGS none metal cuda vulkan)
option(CORRAL_STATIC "Link corral so that it needs nothing but the system" OFF)

set(CORRAL_ENGINE_VERSION none)
set(license_folders "")
if(CORRAL_ENGINE)
  set(command ${CMAKE_SOURCE_DIR}/engine/build --cc ${CMAKE_C_COMPILER} --cxx ${CMAKE_CXX_COMPILER}
    --gpu ${CORRAL_GPU})
  if(CORRAL_LLAMA_DIR)
    list(APPEND command --source ${CORRAL_LLAMA_DIR})
  endif()
  if(CMAKE_OSX_ARCHITECTURES)
    list(APPEND command --arch ${CMAKE_OSX_ARCHITECTURES})
  endif()
  execute_process(COMMAND ${command} OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "The engine was not built; the lines above say why. "
      "-DCORRAL_ENGINE=OFF builds Corral without it.")
  endif()
  include(${folder}/engine.cmake)
  message(STATUS "engine: llama.cpp ${CORRAL_ENGINE_VERSION} in ${folder}")
  add_library(corral_llama INTERFACE)
  target_link_libraries(corral_llama INTERFACE ${CORRAL_ENGINE_ARCHIVE} ${CORRAL_ENGINE_SYSTEM_LIBS})
  list(APPEND license_folders ${folder}/licenses ${CMAKE_SOURCE_DIR}/packaging/licenses/engine)
  # A change of the recipe or of the pin builds another engine at the next configure.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/build
    ${CMAKE_SOURCE_DIR}/engine/CMakeLists.txt ${CMAKE_SOURCE_DIR}/engine/package-lock.json)
endif()

# Licences of what is linked in, as one text.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(licenses ${CMAKE_BINARY_DIR}/licenses.txt)
list(APPEND license_folders ${CMAKE_SOURCE_DIR}/packaging/licenses)
if(NOT APPLE)
  list(APPEND license_folders --glibc)
endif()
file(GLOB license_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/packaging/licenses/*)
add_custom_command(OUTPUT ${licenses}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/engine/licenses.py ${licenses} ${license_folders}
  DEPENDS ${CMAKE_SOURCE_DIR}/engine/licenses.py ${license_files} ${CORRAL_ENGINE_ARCHIVE} VERBATIM)

set(model ${CMAKE_SOURCE_DIR}/tests/models/tiny-chat-1m-q8_0.gguf)
set(embed ${CMAKE_SOURCE_DIR}/engine/embed)
add_library(corral_embed STATIC ${embed}/versions.cc ${embed}/licenses.cc ${licenses})
set_source_files_properties(${embed}/licenses.cc PROPERTIES OBJECT_DEPENDS ${licenses})
if(CORRAL_ENGINE)
  target_sources(corral_embed PRIVATE ${embed}/with_engine.cc)
  set_source_files_properties(${embed}/with_engine.cc PROPERTIES OBJECT_DEPENDS ${model})
  target_link_libraries(corral_embed PRIVATE corral_llama)
else()
  target_sources(corral_embed PRIVATE ${embed}/without_engine.cc)
endif()
target_include_directories(corral_embed PUBLIC ${CMAKE_SOURCE_DIR}/src PRIVATE ${embed})
target_link_libraries(corral_embed PRIVATE corral_warnings)
target_compile_definitions(corral_embed PRIVATE
  CORRAL_VERSION="${PROJECT_VERSION}" CORRAL_ENGINE_VERSION="${CORRAL_ENGINE_VERSION}"
  CORRAL_COMPILER="${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  CORRAL_LICENSES_FILE="${licenses}" CORRAL_MODEL_FILE="${model}")

# With a driver's library to load at run time (cuda, vulkan) the C library has to stay dynamic. On macOS it
# always is.
function(corral_link_static target)
  if(APPLE)
    target_link_options(${target} PRIVATE -Wl,-dead_strip -Wl,-S -Wl,-x)
    return()
  endif()
  target_link_options(${target} PRIVATE -Wl,--gc-sections -s)
  if(CORRAL_GPU STREQUAL "none")
    target_link_options(${target} PRIVATE -static)
  else()
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()
