#include "http/message_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "http/head_parser.h"

namespace corral::http {

void MessageReader::make_room() {
  if (end_ < head_.size()) return;
  io::Block larger(std::max(small_, std::min(head_.size() * 2, head_limit_)));
  if (end_ > 0) std::memcpy(larger.data(), head_.data(), end_);
  head_ = std::move(larger);
}

io::Task<Result<std::size_t>> MessageReader::fill(io::Stream& stream) {
  make_room();
  const std::span<char> room(head_.data() + end_, head_.size() - end_);
  Result<std::size_t> count = co_await stream.read(room);
  if (count.has_value()) end_ += *count;
  co_return count;
}

Result<std::string_view> MessageReader::take_head() {
  const std::string_view bytes(head_.data(), end_);
  const Result<std::size_t> size = find_head_end(bytes, seen_);
  if (!size.has_value()) return std::unexpected(size.error());
  if (*size > head_limit_ || (*size == 0 && end_ >= head_limit_)) {
    return fail(Code::kLimit, "the head is larger than " + std::to_string(head_limit_) + " bytes");
  }
  at_ = *size;
  return bytes.substr(0, *size);
}

void MessageReader::drop_head() {
  std::memmove(head_.data(), head_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  seen_ = 0;
}

void MessageReader::begin_body(Framing framing, std::uint64_t length) {
  head_end_ = at_;
  many_ = end_ == head_.size();
  framing_ = framing;
  left_ = length;
  chunks_ = ChunkDecoder();
  body_done_ = framing == Framing::kNone || (framing == Framing::kLength && length == 0);
}

// The next piece out of what has been read; empty if that holds none.
Result<std::string_view> MessageReader::decode() {
  const std::span<char> bytes(current() + at_, end_ - at_);
  if (framing_ == Framing::kChunked) {
    const Result<ChunkDecoder::Step> step = chunks_.decode(bytes);
    if (!step.has_value()) return std::unexpected(step.error());
    at_ += step->consumed;
    body_done_ = chunks_.done();
    return step->piece;
  }
  std::size_t count = bytes.size();
  if (framing_ == Framing::kLength) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, count));
    left_ -= count;
    body_done_ = left_ == 0;
  }
  at_ += count;
  return std::string_view(bytes.data(), count);
}

// As large as one read of this body can need. Requires: everything read is consumed.
void MessageReader::use_body_buffer() {
  const std::uint64_t wanted =
      framing_ == Framing::kLength ? std::max<std::uint64_t>(left_, small_) : kBody;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, kBody));
  if (body_.size() < size) body_ = io::Block(size);
  in_body_ = true;
  at_ = end_ = 0;
}

// Where the next read of a body goes: behind the head, where small events have room enough, unless
// more comes at once. Requires: everything read is consumed.
std::span<char> MessageReader::body_room() {
  if (!in_body_ && !many_ && head_.size() - head_end_ >= small_ / 4) {
    at_ = end_ = head_end_;
    return {head_.data() + head_end_, head_.size() - head_end_};
  }
  use_body_buffer();
  return {body_.data(), body_.size()};
}

io::Task<Result<std::string_view>> MessageReader::read_body(io::Stream& stream) {
  while (!body_done_) {
    if (at_ < end_) {
      Result<std::string_view> piece = decode();
      if (!piece.has_value() || !piece->empty()) co_return piece;
      continue;
    }
    const std::span<char> room = body_room();
    const Result<std::size_t> count = co_await stream.read(room);
    if (!count.has_value()) co_return std::unexpected(count.error());
    end_ = at_ + *count;
    many_ = *count == room.size();
    if (*count > 0) continue;
    if (framing_ == Framing::kUntilClose) {
      body_done_ = true;
    } else {
      co_return fail(Code::kClosed, "the connection was closed in the middle of the body");
    }
  }
  co_return std::string_view();
}

io::Task<Result<std::size_t>> MessageReader::skip(io::Stream& stream) {
  framing_ = Framing::kChunked;
  use_body_buffer();
  const std::span<char> room(body_.data(), body_.size());
  const Result<std::size_t> count = co_await stream.read(room);
  co_return count;
}

// A buffer that has grown is given back, and with nothing left to keep so is any.
void MessageReader::next_message() {
  const std::size_t left = end_ - at_;
  const char* const rest = current() + at_;
  if (left == 0) {
    head_ = io::Block();
  } else if (in_body_ || head_.size() > std::max(small_, left)) {
    io::Block buffer(std::max(small_, left));
    std::memcpy(buffer.data(), rest, left);
    head_ = std::move(buffer);
  } else {
    std::memmove(head_.data(), rest, left);
  }
  body_ = io::Block();
  in_body_ = false;
  at_ = seen_ = 0;
  end_ = left;
  body_done_ = true;
}

}  // namespace corral::http
