#include "config/shell_split.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::config {

Result<std::vector<std::string>> shell_split(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      c == quote ? void(quote = 0) : word.push_back(c);
    } else if (c == '\\') {
      const std::size_t line_end = std::min(text.find_first_not_of(" \t\r", i + 1), text.size());
      const bool ends_line = line_end == text.size() || text[line_end] == '\n';
      if (ends_line && quote == 0 && line_end != i + 1) {
        i = line_end - 1;  // the break behind it, if any, ends the word
        continue;
      }
      if (i + 1 == text.size()) break;
      const char next = text[++i];
      // Inside double quotes a backslash is itself unless it escapes one of these.
      const bool escapes = quote == 0 || next == '"' || next == '\\' || next == '$' || next == '`';
      if (next == '\n') continue;
      if (!escapes) word.push_back(c);
      word.push_back(next);
      in_word = true;
    } else if (quote != 0) {
      c == quote ? void(quote = 0) : word.push_back(c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != 0) {
    return fail(Code::kInvalid, std::string("the command has a quote (") + quote +
                                    ") that is not closed; close it or escape it");
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

Result<std::vector<std::string>> split_command(std::string_view text) {
  return shell_split(strip_comment_lines(text));
}

std::string strip_comment_lines(std::string_view text) {
  std::string result;
  for (std::string_view line : split(text, '\n')) {
    const std::string_view visible = trim(line);
    if (!visible.empty() && visible.front() == '#') continue;
    result.append(line).push_back('\n');
  }
  if (!result.empty()) result.pop_back();
  return result;
}

}  // namespace corral::config
