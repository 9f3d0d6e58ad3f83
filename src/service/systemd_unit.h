// A definition as the unit of a user's systemd; systemd.service(5) and systemd.exec(5) have the
// settings, systemd.syntax(7) the quoting.
//
// A command's words are written so that systemd gives them back as they were: quotes and
// backslashes escaped as in C, "%" doubled because of specifiers, "$" because of variables. Of the
// program, systemd neither expands variables nor takes every character; the working folder is not
// quoted at all. What those two cannot hold is refused.
#pragma once

#include <string>
#include <string_view>

#include "service/definition.h"

namespace corral::service {

// The whole file. Of type notify: see notify.h. kInvalid with a sentence if a value cannot be
// written so that systemd reads the same (see above), or as check() does.
Result<std::string> systemd_unit(const Definition& definition);

// A word of ExecStart behind the program.
std::string exec_word(std::string_view text);

}  // namespace corral::service
