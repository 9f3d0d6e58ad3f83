#include "gateway/routes.h"

namespace corral::gateway {
namespace {

constexpr ModelRoute kRoutes[] = {
    {"/v1/chat/completions", Dialect::kOpenAi, true, StreamShape::kChat},
    {"/v1/completions", Dialect::kOpenAi, true, StreamShape::kText},
    {"/v1/responses", Dialect::kOpenAi, true},
    {"/v1/messages", Dialect::kAnthropic, true, StreamShape::kMessages},
    {"/v1/messages/count_tokens", Dialect::kAnthropic, false},
    {"/v1/embeddings", Dialect::kOpenAi, false},
    {"/v1/rerank", Dialect::kOpenAi, false},
    {"/v1/reranking", Dialect::kOpenAi, false},
    {"/rerank", Dialect::kOpenAi, false},
    {"/reranking", Dialect::kOpenAi, false},
    {"/infill", Dialect::kOpenAi, true},
    {"/completion", Dialect::kOpenAi, true, StreamShape::kNative},
};

}  // namespace

const ModelRoute* find_model_route(std::string_view path) {
  for (const ModelRoute& route : kRoutes) {
    if (route.path == path) return &route;
  }
  return nullptr;
}

}  // namespace corral::gateway
