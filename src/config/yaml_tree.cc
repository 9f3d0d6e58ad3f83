#include "config/yaml_tree.h"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace corral::config {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
constexpr std::size_t kMaxNodes = 200000;
constexpr int kMaxDepth = 100;

Mark to_mark(const yaml_mark_t& mark) {
  return Mark{static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

// The place after the last character. YAML ends lines at LF, CR, CRLF, U+0085, U+2028 and U+2029.
Mark end_of(std::string_view text) {
  Mark mark{1, 1};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const bool wide = rest.starts_with("\xC2\x85") || rest.starts_with("\xE2\x80\xA8") ||
                      rest.starts_with("\xE2\x80\xA9");
    const bool cr = rest[0] == '\r' && !rest.starts_with("\r\n");
    if (wide || cr || rest[0] == '\n') {
      ++mark.line;
      mark.column = 1;
      if (wide) i += rest[0] == '\xC2' ? 1 : 2;
    } else if ((static_cast<unsigned char>(rest[0]) & 0xC0) != 0x80) {
      ++mark.column;
    }
  }
  return mark;
}

std::size_t count(const Node& node) {
  std::size_t total = 1;
  for (const Node& item : node.items) total += count(item);
  for (const Node::Entry& entry : node.entries) total += count(entry.value);
  return total;
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

std::string to_text(const yaml_char_t* bytes) {
  return bytes == nullptr ? std::string() : reinterpret_cast<const char*>(bytes);
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file)
      : text_(text), file_(file), end_(end_of(text)) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (ready_) yaml_parser_delete(&parser_);
  }

  Result<Node> document() {
    if (!ready_) return fail(Code::kIo, file_ + ": there is not enough memory to read it");
    Node empty;
    empty.kind = Node::Kind::kMapping;
    empty.mark = {1, 1};
    while (true) {
      Event event;
      Result<void> read = next(event);
      if (!read.has_value()) return std::unexpected(read.error());
      if (event->type == YAML_STREAM_END_EVENT) return empty;
      if (event->type == YAML_STREAM_START_EVENT || event->type == YAML_DOCUMENT_START_EVENT)
        continue;
      Result<Node> root = node(event, 0);
      if (!root.has_value()) return root;
      read = only_document();
      if (!read.has_value()) return std::unexpected(read.error());
      if (root->is_null()) return empty;
      return root;
    }
  }

 private:
  // libyaml thinks of a line end behind a text that has none, and may point behind that.
  Mark place(const yaml_mark_t& mark) const {
    const Mark place = to_mark(mark);
    return place.line > end_.line ? end_ : place;
  }
  Mark place(const Event& event) const { return place(event->start_mark); }

  std::unexpected<Error> wrong(Mark mark, std::string_view text) const {
    return fail(Code::kInvalid, at(file_, mark, text));
  }

  std::unexpected<Error> too_many(Mark mark) const {
    return wrong(mark, "the file has too many values to be a config");
  }

  Result<void> next(Event& event) {
    if (yaml_parser_parse(&parser_, event.get()) == 1) return {};
    std::string text =
        "this is not valid YAML: " +
        std::string(parser_.problem != nullptr ? parser_.problem : "unreadable bytes");
    if (parser_.context != nullptr) text += std::string(" ") + parser_.context;
    const bool reader = parser_.error == YAML_READER_ERROR;
    const Mark mark = place(reader ? parser_.mark : parser_.problem_mark);
    const std::optional<Mark> tab = tab_before(mark);
    if (tab.has_value())
      return wrong(*tab, "a tab stands here where spaces must: YAML is indented with spaces alone");
    return wrong(mark, text);
  }

  // A tab in the indentation of that line, as far as that place.
  std::optional<Mark> tab_before(Mark mark) const {
    std::string_view line = text_;
    for (int i = 1; i < mark.line && !line.empty(); ++i)
      line.remove_prefix(std::min(line.find('\n'), line.size() - 1) + 1);
    const std::size_t tab = line.find_first_not_of(' ');
    if (tab == std::string_view::npos || line[tab] != '\t') return std::nullopt;
    const Mark found{mark.line, static_cast<int>(tab) + 1};
    return found.column <= mark.column ? std::optional(found) : std::nullopt;
  }

  Result<void> only_document() {
    Event end;
    Result<void> read = next(end);
    if (!read.has_value()) return read;
    Event after;
    read = next(after);
    if (!read.has_value()) return read;
    if (after->type == YAML_STREAM_END_EVENT) return {};
    return wrong(place(after), "a second document begins here; a config is one document");
  }

  Result<Node> node(const Event& event, int depth) {
    if (++nodes_ > kMaxNodes) return too_many(place(event));
    if (depth > kMaxDepth)
      return wrong(place(event), "the file is nested too deeply to be a config");
    if (event->type == YAML_ALIAS_EVENT) return alias(event);
    Node result;
    result.mark = place(event);
    std::string anchor;
    if (event->type == YAML_SCALAR_EVENT) {
      const auto& scalar = event->data.scalar;
      anchor = to_text(scalar.anchor);
      result.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
      const std::string tag = to_text(scalar.tag);
      result.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && tag != YAML_STR_TAG && tag != "!";
    } else {
      const bool mapping = event->type == YAML_MAPPING_START_EVENT;
      anchor =
          to_text(mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor);
      const Result<void> filled =
          mapping ? fill_mapping(result, depth) : fill_sequence(result, depth);
      if (!filled.has_value()) return std::unexpected(filled.error());
    }
    if (anchor.empty()) return result;
    nodes_ += count(result);  // the copy counts too: anchors around anchors would multiply
    if (nodes_ > kMaxNodes) return too_many(place(event));
    anchors_[anchor] = result;
    return result;
  }

  Result<Node> alias(const Event& event) {
    const std::string name = to_text(event->data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end())
      return wrong(place(event), "no anchor is called " + in_quotes(name));
    nodes_ += count(found->second);
    if (nodes_ > kMaxNodes) return too_many(place(event));
    return found->second;
  }

  Result<void> fill_sequence(Node& out, int depth) {
    out.kind = Node::Kind::kSequence;
    while (true) {
      Event event;
      Result<void> read = next(event);
      if (!read.has_value() || event->type == YAML_SEQUENCE_END_EVENT) return read;
      Result<Node> item = node(event, depth + 1);
      if (!item.has_value()) return std::unexpected(item.error());
      out.items.push_back(std::move(*item));
    }
  }

  Result<void> fill_mapping(Node& out, int depth) {
    out.kind = Node::Kind::kMapping;
    std::vector<Node> merged;
    std::set<std::string> keys;
    while (true) {
      Event event;
      Result<void> read = next(event);
      if (!read.has_value()) return read;
      if (event->type == YAML_MAPPING_END_EVENT) break;
      const Mark mark = place(event);
      Result<Node> key = node(event, depth + 1);
      if (!key.has_value()) return std::unexpected(key.error());
      if (key->kind != Node::Kind::kScalar)
        return wrong(mark, "a key must be a word, not a collection");
      Event value_event;
      read = next(value_event);
      if (!read.has_value()) return read;
      Result<Node> value = node(value_event, depth + 1);
      if (!value.has_value()) return std::unexpected(value.error());
      if (key->plain && key->text == "<<") {
        merged.push_back(std::move(*value));
        continue;
      }
      if (!keys.insert(key->text).second)
        return wrong(mark, "the key " + in_quotes(key->text) + " stands twice in this mapping");
      out.entries.push_back({key->text, mark, std::move(*value)});
    }
    return merge(out, merged, keys);
  }

  // Keys that stand in the mapping itself win, then the merged mappings in their order.
  Result<void> merge(Node& out, const std::vector<Node>& merged, std::set<std::string>& keys) {
    for (const Node& source : merged) {
      const bool list = source.kind == Node::Kind::kSequence;
      const Result<void> done =
          list ? merge(out, source.items, keys) : merge_one(out, source, keys);
      if (!done.has_value()) return done;
    }
    return {};
  }

  Result<void> merge_one(Node& out, const Node& source, std::set<std::string>& keys) {
    if (source.kind != Node::Kind::kMapping)
      return wrong(source.mark, "'<<' can only merge mappings");
    for (const Node::Entry& entry : source.entries) {
      if (keys.insert(entry.key).second) out.entries.push_back(entry);
    }
    return {};
  }

  const std::string_view text_;
  const std::string& file_;
  const Mark end_;
  yaml_parser_t parser_{};
  bool ready_ = false;
  std::size_t nodes_ = 0;
  std::map<std::string, Node> anchors_;
};

}  // namespace

bool Node::is_null() const {
  return kind == Kind::kScalar && plain &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const Node* Node::get(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

Result<Node> parse_yaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxBytes) {
    return fail(Code::kLimit, file + ": the file has more than 16 MiB; this is not a config");
  }
  return Reader(text, file).document();
}

}  // namespace corral::config
