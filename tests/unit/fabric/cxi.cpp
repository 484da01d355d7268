// The engine on a NIC: which keys it takes, whom it reaches, and what it says when it does not. On the fake
// cxi.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/meet.h"
#include <filesystem>
#include <fstream>

using fake::Environment;
using pair::connect;
using pair::listen;
using pair::Registered;
using pair::Side;

static const bool loaded = fake::load();

/// The error of opening an endpoint, or `open`.
static std::string opened(const char* device = nullptr, uint16_t vni = 0, uint32_t service = 0,
                          uint32_t traffic_class = 0) {
  podstep_fabric_options options{};
  options.size = sizeof options;
  options.provider = "cxi";
  options.device = device;
  options.vni = vni;
  options.service = service;
  options.traffic_class = traffic_class;
  podstep_fabric* fabric = nullptr;
  char error[512] = "";
  if (podstep_fabric_open(&options, &fabric, error, sizeof error) != PODSTEP_FABRIC_OK)
    return error;
  podstep_fabric_close(fabric);
  return "open";
}

TEST_CASE("A step without a VNI gets no endpoint unless the site allows the default service") {
  Environment bare{{"SLINGSHOT_VNIS", nullptr},
                   {"SLINGSHOT_SVC_IDS", nullptr},
                   {"SLINGSHOT_DEVICES", nullptr},
                   {"SLINGSHOT_TCS", nullptr}};
  CHECK(opened().find("the default service restricts nobody") != std::string::npos);
  Environment allowed{{"PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE", "1"}};
  CHECK(opened() == "open");
}

TEST_CASE("The step's own credentials are used, and no others") {
  CHECK(opened() == "open");
  Environment foreign{{"SLINGSHOT_VNIS", "1025"}};
  CHECK(opened().find("cxi") == 0);
}

TEST_CASE("VNI and service may be named, each by itself, and the step's environment says the other") {
  struct Row {
    uint16_t vni;
    uint32_t service;
    const char* says;
  };
  for (const Row& row :
       {Row{1025, 6, "open"}, Row{2000, 0, "open"}, Row{1025, 0, "cxi cxi0"}, // service 5
        Row{0, 5, "open"}, Row{0, 6, "cxi cxi0"}, Row{1024, 7, "cxi cxi0"},
        Row{1024, 1, "CXI service 1 restricts nobody"}, Row{0, 1, "CXI service 1 restricts nobody"}}) {
    INFO("VNI " << row.vni << ", service " << row.service);
    CHECK(opened(nullptr, row.vni, row.service).find(row.says) == 0);
  }
  Environment job{{"PODSTEP_FABRIC_VNI", "job"}};
  CHECK(opened(nullptr, 0, 6) == "open");
  Environment bare{{"SLINGSHOT_VNIS", nullptr},
                   {"SLINGSHOT_SVC_IDS", nullptr},
                   {"SLINGSHOT_DEVICES", nullptr},
                   {"SLINGSHOT_TCS", nullptr}};
  CHECK(opened(nullptr, 1025, 6) == "open");
  CHECK(opened(nullptr, 1025, 0).find("a VNI is named without its CXI service") != std::string::npos);
  CHECK(opened(nullptr, 0, 6).find("a CXI service is named without its VNI") != std::string::npos);
}

TEST_CASE("A NIC for which the step has no service is left alone") {
  Environment second{{"SLINGSHOT_DEVICES", "cxi1"}, {"SLINGSHOT_SVC_IDS", "5"}};
  CHECK(opened() == "open");
  CHECK(opened("cxi1") == "open");
  CHECK(opened("cxi0").find("cxi0: not among the step's SLINGSHOT_DEVICES") != std::string::npos);
}

TEST_CASE("An endpoint sends in the traffic class that it was opened for, if the step may use it") {
  std::string log = "/tmp/podstep-traffic." + std::to_string(getpid());
  auto sent_in = [&](uint32_t traffic_class) {
    std::filesystem::remove(log);
    std::string error = opened(nullptr, 0, 0, traffic_class), line;
    std::getline(std::ifstream(log), line);
    return error == "open" ? line : error;
  };
  Environment heard{{"FAKE_CXI_TRAFFIC", log.c_str()}};
  CHECK(sent_in(0) == "unspecified");
  CHECK(sent_in(PODSTEP_FABRIC_TC_LOW_LATENCY) == "low latency"); // SLINGSHOT_TCS is 0xe
  CHECK(sent_in(PODSTEP_FABRIC_TC_BULK_DATA) == "bulk data");
  CHECK(sent_in(PODSTEP_FABRIC_TC_BEST_EFFORT) == "best effort");
  std::string refused = sent_in(PODSTEP_FABRIC_TC_DEDICATED_ACCESS);
  CHECK(refused.find("may not use traffic class dedicated_access") != std::string::npos);
  CHECK(refused.find("--network=tcs=dedicated_access") != std::string::npos);
  CHECK(sent_in(3).find("traffic_class 3 is none") != std::string::npos);
  Environment all{{"SLINGSHOT_TCS", "0xf"}};
  CHECK(sent_in(PODSTEP_FABRIC_TC_DEDICATED_ACCESS) == "dedicated access");
  std::filesystem::remove(log);
}

/// A receiver in one step and a sender in another, on nodes of their own; what became of it.
static std::string meet(const char* receiver_vnis, const char* receiver_services, const char* sender_vnis,
                        const char* sender_services) {
  std::string outcome;
  int status = pair::run(
      [&](Side& side) {
        Environment step{{"SLINGSHOT_VNIS", receiver_vnis}, {"SLINGSHOT_SVC_IDS", receiver_services}};
        side.open("cxi");
        outcome = listen(side, [] {});
      },
      [&](Side& side) {
        Environment step{
            {"SLINGSHOT_VNIS", sender_vnis}, {"SLINGSHOT_SVC_IDS", sender_services}, {"FAKE_CXI_NODE", "1"}};
        side.open("cxi");
        connect(side);
      });
  CHECK(status == 0);
  return outcome;
}

TEST_CASE("Two steps with VNIs of their own do not meet, and the error names both and the cure") {
  CHECK(meet("1024,2000", "5,5", "1024,2000", "5,5") == "met");
  std::string error = meet("1024,2000", "5,5", "1025,2000", "6,6");
  INFO(error);
  CHECK(error.find("uses VNI 1024, this process 1025") != std::string::npos);
  CHECK(error.find("PODSTEP_FABRIC_VNI=job") != std::string::npos);
}

TEST_CASE("Steps of one job meet in the job's VNI") {
  Environment job{{"PODSTEP_FABRIC_VNI", "job"}};
  CHECK(meet("1024,2000", "5,5", "1025,2000", "6,6") == "met");
}

TEST_CASE("A peer that the NIC cannot reach is named at once, not when the time is up") {
  std::string outcome;
  int status = pair::run(
      [&](Side& side) {
        side.open("cxi");
        side.meet();
        // As if it were in another VNI: what others look up is gone.
        outcome = listen(side, [] {
          std::string prefix = std::string("fakecxi_") + getenv("FAKE_CXI_FABRIC");
          for (const auto& file : std::filesystem::directory_iterator("/dev/shm"))
            if (file.path().filename().string().starts_with(prefix) && file.path().extension() == ".board")
              std::filesystem::remove(file.path());
        });
      },
      [&](Side& side) {
        side.open("cxi");
        side.meet();
        connect(side);
      });
  CHECK(status == 0);
  INFO(outcome);
  CHECK(outcome.find("its endpoint cannot be reached: Transport endpoint is not connected (VNI_NOT_FOUND)") !=
        std::string::npos);
}

TEST_CASE("A command queue that is full at every third post delays, and loses nothing") {
  Environment full{{"FAKE_CXI_AGAIN", "3"}};
  constexpr int messages = 200;
  auto size_of = [](int i) { return size_t(i % 3 == 0 ? 10 : i % 3 == 1 ? 5000 : 100000); };
  int status = pair::run(
      [&](Side& side) {
        side.open("cxi");
        auto* receiver = side.accept();
        std::vector<unsigned char> buffer(100000);
        for (int i = 0; i < messages; ++i) {
          size_t got = 0;
          side.wait(side.receive(receiver, {{buffer.data(), buffer.size(), 1, nullptr}}), &got);
          side.must(got == size_of(i) && buffer[0] == i && buffer[got - 1] == i, "the message is right");
        }
        side.meet();
        podstep_fabric_close_receiver(receiver);
      },
      [&](Side& side) {
        side.open("cxi");
        auto* sender = side.connect();
        for (int i = 0; i < messages; ++i) {
          std::vector<unsigned char> data(size_of(i), static_cast<unsigned char>(i));
          side.wait(side.send(sender, data.data(), data.size(), 1));
        }
        side.meet();
        podstep_fabric_close_sender(sender);
      });
  CHECK(status == 0);
}

TEST_CASE("Where the NIC takes few receives, small messages of one way go on all the same") {
  for (const char* receives : {"8", "11", "16"}) {
    INFO(receives);
    Environment few{{"FAKE_CXI_RECEIVES", receives}};
    constexpr uint64_t messages = 300;
    int status = pair::run(
        [&](Side& side) {
          side.open("cxi");
          auto* receiver = side.accept();
          uint64_t got = 0;
          for (uint64_t i = 0; i < messages; ++i) {
            side.wait(side.receive(receiver, {{&got, sizeof got, 1, nullptr}}));
            side.must(got == i, "the message is right");
          }
          side.meet();
          podstep_fabric_close_receiver(receiver);
        },
        [&](Side& side) {
          side.open("cxi");
          auto* sender = side.connect();
          for (uint64_t i = 0; i < messages; ++i)
            side.wait(side.send(sender, &i, sizeof i, 1));
          side.meet();
          podstep_fabric_close_sender(sender);
        });
    CHECK(status == 0);
  }
}

TEST_CASE("Small messages keep their order where the NIC completes a larger one after those behind it") {
  constexpr size_t sizes[] = {4000, 8, 100, 3000, 0, 2500, 1}, most = 4096;
  constexpr int messages = 700, at_once = 14;
  auto content = [&](int i) { return std::vector<unsigned char>(sizes[size_t(i) % 7], uint8_t(i)); };
  int status = pair::run(
      [&](Side& side) {
        side.open("cxi");
        auto* r = side.accept();
        std::vector<unsigned char> into(at_once * most);
        Registered memory(side, into.data(), into.size());
        for (int first = 0; first < messages; first += at_once) {
          podstep_fabric_request* requests[at_once];
          for (int i = 0; i < at_once; ++i)
            requests[i] = side.receive(r, {{&into[size_t(i) * most], most, 3, memory.memory}});
          for (int i = 0; i < at_once; ++i) {
            size_t size = 0;
            side.wait(requests[i], &size);
            auto* at = &into[size_t(i) * most];
            side.must(std::vector(at, at + size) == content(first + i), "the next message, whole");
          }
        }
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [&](Side& side) {
        side.open("cxi");
        auto* s = side.connect();
        std::vector<unsigned char> from(size_t(messages) * most);
        Registered memory(side, from.data(), from.size());
        std::vector<podstep_fabric_request*> requests;
        for (int i = 0; i < messages; ++i) {
          auto bytes = content(i);
          auto* at = &from[size_t(i) * most];
          std::copy(bytes.begin(), bytes.end(), at);
          requests.push_back(side.send(s, at, bytes.size(), 3, memory.memory));
          if (requests.size() == at_once) {
            for (auto* request : requests)
              side.wait(request);
            requests.clear();
          }
        }
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}
