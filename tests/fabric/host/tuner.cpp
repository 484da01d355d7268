// The versions of a tuner: see tuner.h.
#include "tests/fabric/host/tuner.h"
#include "tests/fabric/host/recorder.h"
#include "tests/fabric/host/verdict.h"

namespace harness {
namespace {

using namespace ncclabi;

template<class Table> class Version : public Tuner {
public:
  explicit Version(const void* table) : t_(*static_cast<const Table*>(table)) {}

  int init(size_t ranks, size_t nodes, void** context) override {
    if constexpr (newer)
      return t_.init(context, 1, ranks, nodes, logger(), nvlink_, constants_);
    else
      return t_.init(ranks, nodes, logger(), context);
  }

  int info(void* context, const Question& q, float* table, int* channels) override {
    // NCCL's type says float**, but what it passes is the table itself.
    auto** as_typed = reinterpret_cast<float**>(table);
    if constexpr (std::is_same_v<Table, TunerV2>)
      return choose(context, q, table, channels);
    else if constexpr (std::is_same_v<Table, TunerV3>)
      return t_.info(context, q.function, q.bytes, q.pipelined, as_typed, q.algorithms, protocols, channels);
    else
      return t_.info(context, q.function, q.bytes, q.pipelined, as_typed, q.algorithms, protocols,
                     q.registered, channels);
  }

  int finish(void* context) override {
    if constexpr (newer)
      return t_.finalize(context);
    else
      return t_.destroy(context);
  }

private:
  static constexpr bool newer = std::is_base_of_v<TunerV5, Table>;

  int choose(void* context, const Question& q, float* table, int* channels) {
    int algorithm = -1, protocol = -1;
    int result = t_.info(context, q.function, q.bytes, 0, 0, q.pipelined, &algorithm, &protocol, channels);
    expect(algorithm >= -1 && algorithm < q.algorithms && protocol >= -1 && protocol < protocols,
           "it chose algorithm ", algorithm, ", protocol ", protocol);
    if (algorithm >= 0 && protocol >= 0)
      table[algorithm * protocols + protocol] = 0;
    return result;
  }

  const Table& t_;
  alignas(8) char nvlink_[nvlink_bytes] = {};
  alignas(8) char constants_[constants_bytes] = {};
};

template<class Table> std::unique_ptr<Tuner> adapt(const void* table) {
  return std::make_unique<Version<Table>>(table);
}
using Make = std::unique_ptr<Tuner> (*)(const void*);
constexpr Make adapters[] = {adapt<TunerV2>, adapt<TunerV3>, adapt<TunerV4>, adapt<TunerV5>, adapt<TunerV6>};

std::string name_of(int version) {
  return "ncclTunerPlugin_v" + std::to_string(version);
}

} // namespace

std::vector<int> tuner_versions(const Library& library) {
  std::vector<int> found;
  for (int version = tuner_newest; version >= tuner_oldest; version--)
    if (library.symbol(name_of(version)))
      found.push_back(version);
  return found;
}

std::unique_ptr<Tuner> open_tuner(const Library& library, int version) {
  return adapters[version - tuner_oldest](library.symbol(name_of(version)));
}

} // namespace harness
