// The fake cxi keeps the NIC's rules: each is broken here, and refused as the NIC refuses it, with its
// clause's number.
#include "tests/support/cxi/board.h"
#include "tests/support/heard.h"
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/nic.h"
#include <memory>
#include <sys/mman.h>
#include <thread>

using nic::ask;
using nic::End;
using nic::Memory;
using nic::post;

static const bool loaded = fake::load();

#define BREAKS(clause, call, error)                                                                          \
  do {                                                                                                       \
    podstep::Heard heard;                                                                                    \
    auto rc = (call);                                                                                        \
    std::string said = heard.text();                                                                         \
    CHECK(rc == (error));                                                                                    \
    INFO(said);                                                                                              \
    CHECK(said.find("fake cxi: " clause ": ") == 0);                                                         \
  } while (false)

TEST_CASE("It offers what the NIC has: 48-bit tags, 192 bytes to inject, endpoint-bound memory by offset") {
  nic::Info info = ask();
  REQUIRE(info);
  CHECK(std::string(info->fabric_attr->prov_name) == "cxi");
  CHECK(std::string(info->domain_attr->name) == "cxi0");
  REQUIRE(info->next);
  CHECK(std::string(info->next->domain_attr->name) == "cxi1");
  CHECK(info->next->next == nullptr);
  CHECK(info->ep_attr->mem_tag_format >> 48 == 0);
  CHECK(info->ep_attr->mem_tag_format >> 47 == 1);
  CHECK(info->ep_attr->max_msg_size == 0xffffffff);
  CHECK(info->tx_attr->inject_size == 192);
  CHECK(info->domain_attr->mr_mode == nic::modes);
  CHECK(info->domain_attr->mr_key_size == 8);
  CHECK(info->domain_attr->data_progress == FI_PROGRESS_MANUAL);
  CHECK(ask([](fi_info& i) {
          i.domain_attr->mr_mode = FI_MR_ENDPOINT | FI_MR_ALLOCATED;
        })->domain_attr->mr_key_size == 4);
}

TEST_CASE("It offers nothing to who asks for what the NIC has not") {
  CHECK(!ask([](fi_info& i) { i.domain_attr->mr_mode = FI_MR_VIRT_ADDR | FI_MR_ALLOCATED; }));
  CHECK(!ask([](fi_info& i) { i.domain_attr->data_progress = FI_PROGRESS_AUTO; }));
  CHECK(!ask([](fi_info& i) { i.tx_attr->msg_order = FI_ORDER_SAS | FI_ORDER_RAW; }));
  CHECK(!ask([](fi_info& i) { i.tx_attr->msg_order = FI_ORDER_SAW; }));
  CHECK(!ask([](fi_info& i) { i.tx_attr->inject_size = 193; }));
  CHECK(!ask([](fi_info& i) { i.ep_attr->type = FI_EP_MSG; }));
  CHECK(!ask([](fi_info& i) { i.ep_attr->max_msg_size = size_t(1) << 32; }));
  CHECK(!ask([](fi_info& i) { i.domain_attr->threading = FI_THREAD_ENDPOINT; }));
  CHECK(!ask([](fi_info& i) { i.domain_attr->name = strdup("cxi2"); }));
}

TEST_CASE("F-CXI-11: a tag of 49 bits and an injected message of 193 bytes are refused") {
  nic::Domain domain;
  End one(domain), two(domain);
  fi_addr_t to = one.know(two);
  char data[193] = "";
  constexpr uint64_t long_tag = uint64_t(1) << 48;
  BREAKS("F-CXI-11", fi_tsend(one.ep.get(), data, 1, nullptr, to, long_tag, nullptr), -FI_EINVAL);
  BREAKS("F-CXI-11", fi_trecv(two.ep.get(), data, 1, nullptr, FI_ADDR_UNSPEC, long_tag, 0, nullptr),
         -FI_EINVAL);
  BREAKS("F-CXI-11", fi_trecv(two.ep.get(), data, 1, nullptr, FI_ADDR_UNSPEC, 0, long_tag, nullptr),
         -FI_EINVAL);
  BREAKS("F-CXI-11", fi_inject(one.ep.get(), data, 193, to), -FI_EMSGSIZE);
  BREAKS("F-CXI-11", fi_tinject(one.ep.get(), data, 193, to, 1), -FI_EMSGSIZE);
  BREAKS("F-CXI-11", fi_send(one.ep.get(), data, size_t(1) << 32, nullptr, to, nullptr), -FI_EMSGSIZE);
  int context = 0;
  REQUIRE(post([&] {
            return fi_trecv(two.ep.get(), data, 192, nullptr, FI_ADDR_UNSPEC, long_tag - 1, 0, &context);
          }) == 0);
  CHECK(post([&] { return fi_tinject(one.ep.get(), data, 192, to, long_tag - 1); }) == 0);
  CHECK(two.next() == &context);
}

TEST_CASE("F-CXI-10: a region is bound to an enabled endpoint, enabled, and closed before it") {
  nic::Domain domain;
  char data[4096];
  fid_mr* mr = nullptr;
  REQUIRE(fi_mr_reg(domain.domain.get(), data, sizeof data, nic::any_access, 0, 0, 0, &mr, nullptr) == 0);
  CHECK(fi_mr_key(mr) == FI_KEY_NOTAVAIL);
  BREAKS("F-CXI-10", fi_mr_enable(mr), -FI_EINVAL);
  End end(domain, false);
  BREAKS("F-CXI-10", fi_mr_bind(mr, &end.ep->fid, 0), -FI_EINVAL);
  char name[64];
  size_t length = sizeof name;
  BREAKS("F-CXI-10", fi_getname(&end.ep->fid, name, &length), -FI_EOPBADSTATE);
  BREAKS("F-CXI-10", fi_send(end.ep.get(), data, 1, nullptr, 0, nullptr), -FI_EOPBADSTATE);
  REQUIRE(fi_enable(end.ep.get()) == 0);
  CHECK(fi_mr_bind(mr, &end.ep->fid, 0) == 0);
  BREAKS("F-CXI-10", fi_mr_bind(mr, &end.ep->fid, 0), -FI_EINVAL);
  CHECK(fi_mr_enable(mr) == 0);
  CHECK(fi_mr_key(mr) >= uint64_t(1) << 63);
  BREAKS("F-CXI-10", fi_close(&end.ep->fid), -FI_EBUSY);
  BREAKS("F-CXI-10", fi_close(&domain.domain->fid), -FI_EBUSY);
  CHECK(fi_close(&mr->fid) == 0);
}

TEST_CASE("F-CXI-10: only memory that is there is registered") {
  nic::Domain domain;
  void* gone = mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(gone, 8192);
  fid_mr* mr = nullptr;
  BREAKS("F-CXI-10", fi_mr_reg(domain.domain.get(), gone, 8192, nic::any_access, 0, 0, 0, &mr, nullptr),
         -FI_EFAULT);
}

TEST_CASE("F-MR-2: where it demands FI_MR_LOCAL, a transfer names a descriptor whose memory holds it") {
  fake::Environment demanding{{"FAKE_CXI_MR_LOCAL", "1"}};
  auto local = [](fi_info& i) { i.domain_attr->mr_mode |= FI_MR_LOCAL; };
  CHECK(!ask());
  nic::Domain domain(ask(local));
  CHECK(domain.info->domain_attr->mr_mode == (nic::modes | FI_MR_LOCAL));
  End one(domain), two(domain);
  fi_addr_t to = one.know(two);
  char data[4096] = "";
  Memory mine(domain, one, data, 2000), other(domain, two, data, sizeof data);
  void *desc = fi_mr_desc(mine.mr), *foreign = fi_mr_desc(other.mr);
  BREAKS("F-MR-2", fi_tsend(one.ep.get(), data, 1000, nullptr, to, 1, nullptr), -FI_EINVAL);
  BREAKS("F-MR-2", fi_recv(one.ep.get(), data, 1000, nullptr, FI_ADDR_UNSPEC, nullptr), -FI_EINVAL);
  BREAKS("F-MR-2", fi_read(one.ep.get(), data, 1000, foreign, to, 0, other.key(), nullptr), -FI_EINVAL);
  BREAKS("F-MR-2", fi_send(one.ep.get(), data + 1001, 1000, desc, to, nullptr), -FI_EINVAL);
  int context = 0;
  REQUIRE(post([&] { return fi_read(one.ep.get(), data, 2000, desc, to, 0, other.key(), &context); }) == 0);
  CHECK(one.next() == &context);
  CHECK(post([&] { return fi_inject(one.ep.get(), data + 3000, 100, to); }) == 0);
}

TEST_CASE("F-CXI-10: a client's key has 32 bits and is used once") {
  nic::Domain domain(ask([](fi_info& i) { i.domain_attr->mr_mode = FI_MR_ENDPOINT | FI_MR_ALLOCATED; }));
  char data[64];
  fid_mr *first = nullptr, *second = nullptr;
  auto reg = [&](uint64_t key, fid_mr** out) {
    return fi_mr_reg(domain.domain.get(), data, sizeof data, nic::any_access, 0, key, 0, out, nullptr);
  };
  BREAKS("F-CXI-10", reg(uint64_t(1) << 32, &first), -FI_EKEYREJECTED);
  REQUIRE(reg(0xffffffff, &first) == 0);
  BREAKS("F-CXI-10", reg(0xffffffff, &second), -FI_ENOKEY);
  CHECK(fi_mr_key(first) == 0xffffffff);
  fi_close(&first->fid);
}

TEST_CASE(
    "F-CXI-10: addresses count from the region's begin, keys open what is enabled on that very endpoint") {
  nic::Domain domain;
  End one(domain), two(domain), three(domain);
  fi_addr_t to = one.know(two), elsewhere = one.know(three);
  std::vector<char> target(1000, 'a'), mine(100, 'b');
  auto bad = [&](fi_addr_t at, uint64_t offset, uint64_t key) {
    int context = 0;
    fi_cq_err_entry error{};
    podstep::Heard heard;
    REQUIRE(post([&] {
              return fi_read(one.ep.get(), mine.data(), 100, nullptr, at, offset, key, &context);
            }) == 0);
    CHECK(one.next(&error) == &context);
    CHECK(error.err == FI_EIO);
    CHECK(std::string(fi_cq_strerror(one.cq.get(), error.prov_errno, nullptr, nullptr, 0)) ==
          "ENTRY_NOT_FOUND");
    return heard.text().find("fake cxi: F-CXI-10: ") == 0;
  };
  uint64_t old_key;
  {
    Memory memory(domain, two, target.data(), target.size());
    old_key = memory.key();
    int context = 0;
    REQUIRE(post([&] {
              return fi_read(one.ep.get(), mine.data(), 100, nullptr, to, 900, old_key, &context);
            }) == 0);
    CHECK(one.next() == &context);
    CHECK(mine == std::vector<char>(100, 'a'));
    CHECK(bad(to, reinterpret_cast<uint64_t>(target.data()), old_key));
    CHECK(bad(to, 901, old_key));
    CHECK(bad(to, 0, old_key + 1));
    CHECK(bad(elsewhere, 0, old_key));
  }
  CHECK(bad(to, 0, old_key));
}

TEST_CASE("F-CXI-13: a write that is complete can be seen only if FI_DELIVERY_COMPLETE was asked for") {
  nic::Domain domain;
  End one(domain), two(domain);
  fi_addr_t to = one.know(two);
  char target[8] = "", data[8] = "written";
  Memory memory(domain, two, target, sizeof target);
  int context = 0;
  REQUIRE(post([&] { return fi_write(one.ep.get(), data, 8, nullptr, to, 0, memory.key(), &context); }) == 0);
  CHECK(one.next() == &context);
  CHECK(std::string(target) == "");
  for (int i = 0; i < 100; ++i)
    fi_cq_read(one.cq.get(), nullptr, 0);
  CHECK(std::string(target) == "written");
  memset(target, 0, sizeof target);
  iovec local{data, 8};
  fi_rma_iov remote{0, 8, memory.key()};
  fi_msg_rma message{&local, nullptr, 1, to, &remote, 1, &context, 0};
  REQUIRE(post([&] { return fi_writemsg(one.ep.get(), &message, FI_COMPLETION | FI_DELIVERY_COMPLETE); }) ==
          0);
  CHECK(one.next() == &context);
  CHECK(std::string(target) == "written");
}

TEST_CASE("F-CXI-13: fi_writedata needs FI_CXI_ENABLE_WRITEDATA") {
  char data[8];
  auto write = [&](nic::Domain& domain) {
    End one(domain);
    return fi_writedata(one.ep.get(), data, 8, nullptr, 1, one.know(one), 0, 0, nullptr);
  };
  nic::Domain domain;
  BREAKS("F-CXI-13", write(domain), -FI_ENOSYS);
  fake::Environment allowed{{"FI_CXI_ENABLE_WRITEDATA", "1"}};
  nic::Domain other;
  CHECK(write(other) == -FI_EOPNOTSUPP);
  nic::Domain client(ask([](fi_info& i) { i.domain_attr->mr_mode = FI_MR_ENDPOINT | FI_MR_ALLOCATED; }));
  BREAKS("F-CXI-13", write(client), -FI_ENOSYS);
}

TEST_CASE(
    "F-OFI-10: a full command queue takes nothing until completions are read, and no more than its depth") {
  fake::Environment every{{"FAKE_CXI_AGAIN", "3"}};
  nic::Domain domain(ask([](fi_info& i) { i.rx_attr->size = 8; }));
  End one(domain);
  char data[8];
  auto recv = [&] { return fi_recv(one.ep.get(), data, 8, nullptr, FI_ADDR_UNSPEC, data); };
  CHECK(recv() == 0);
  CHECK(recv() == 0);
  CHECK(recv() == -FI_EAGAIN);
  CHECK(recv() == -FI_EAGAIN);
  CHECK(fi_cq_read(one.cq.get(), nullptr, 0) == -FI_EAGAIN);
  for (int i = 0; i < 6; ++i)
    CHECK(post(recv) == 0);
  CHECK(post(recv) == -FI_EAGAIN);
}

TEST_CASE("F-CXI-5, F-CXI-8: a key opens a service that is there, is this user's, and has the VNI") {
  auto open = [](nic::Key key) {
    return nic::Domain(
               ask(),
               [&](fi_info& i) { nic::set_key(i.domain_attr->auth_key, i.domain_attr->auth_key_size, key); })
        .rc;
  };
  CHECK(open({5, 1024}) == 0);
  CHECK(open({5, 2000}) == 0);
  CHECK(open({1, 777}) == 0);
  BREAKS("F-CXI-8", open({9, 1024}), -FI_EINVAL);
  BREAKS("F-CXI-8", open({5, 1025}), -FI_EINVAL);
  BREAKS("F-CXI-8", open({7, 1026}), -FI_ENODEV);
  auto asked = [](nic::Key key) {
    return bool(
        ask([&](fi_info& i) { nic::set_key(i.domain_attr->auth_key, i.domain_attr->auth_key_size, key); }));
  };
  CHECK(asked({6, 1025}));
  BREAKS("F-CXI-8", asked({6, 1024}), false);
}

TEST_CASE("F-CXI-5: an endpoint has its domain's key or none of its own") {
  nic::Domain domain(ask());
  auto open = [&](nic::Key key) {
    nic::set_key(domain.info->ep_attr->auth_key, domain.info->ep_attr->auth_key_size, key);
    fid_ep* ep = nullptr;
    int rc = fi_endpoint(domain.domain.get(), domain.info.get(), &ep, nullptr);
    if (ep)
      fi_close(&ep->fid);
    return rc;
  };
  CHECK(open({5, 1024}) == 0);
  BREAKS("F-CXI-5", open({5, 2000}), -FI_EINVAL);
  BREAKS("F-CXI-5", open({6, 1024}), -FI_EINVAL);
}

TEST_CASE("F-CXI-14: a traffic class is a label, not a DSCP") {
  nic::Domain domain(ask());
  auto open = [&](uint32_t traffic) {
    domain.info->tx_attr->tclass = traffic;
    fid_ep* ep = nullptr;
    int rc = fi_endpoint(domain.domain.get(), domain.info.get(), &ep, nullptr);
    if (ep)
      fi_close(&ep->fid);
    return rc;
  };
  CHECK(open(FI_TC_UNSPEC) == 0);
  CHECK(open(FI_TC_LOW_LATENCY) == 0);
  BREAKS("F-CXI-14", open(fi_tc_dscp_set(46)), -FI_EINVAL);
  BREAKS("F-CXI-14", open(FI_TC_NETWORK_CTRL), -FI_EINVAL);
}

/// Whether a message from one domain's endpoint reaches another's; else the error.
static int reach(nic::Domain& from, nic::Domain& to) {
  End first(to), one(from), two(to); // so that the target's PID is not the source's own
  fi_addr_t at = one.know(two);
  char data = 1;
  int context = 0, other = 0;
  fi_cq_err_entry error{};
  REQUIRE(post([&] { return fi_recv(two.ep.get(), &data, 1, nullptr, FI_ADDR_UNSPEC, &other); }) == 0);
  REQUIRE(post([&] { return fi_send(one.ep.get(), &data, 1, nullptr, at, &context); }) == 0);
  REQUIRE(one.next(&error) == &context);
  CHECK((error.err != 0) != (two.next() == &other));
  return error.err;
}

static nic::Domain in_vni(const char* vni, const char* service, const char* node = "0") {
  fake::Environment there{{"SLINGSHOT_VNIS", vni}, {"SLINGSHOT_SVC_IDS", service}, {"FAKE_CXI_NODE", node}};
  return nic::Domain();
}

TEST_CASE("F-CXI-4, F-CXI-6: without a key the environment's first VNI counts, and no message leaves a VNI") {
  nic::Domain a = in_vni("1024,2000", "5,5"), b = in_vni("1024", "5,5"), c = in_vni("1025,2000", "6,6");
  CHECK(reach(a, b) == 0);
  CHECK(reach(a, c) == FI_EIO); // its VNI is on that NIC too, but not that endpoint
  nic::Domain far = in_vni("1025", "6,6", "1");
  CHECK(reach(a, far) == FI_ENOTCONN);
  CHECK(reach(c, far) == 0);
}

TEST_CASE("F-CXI-4: without key and environment it is a service of this user, else one without members, else "
          "none") {
  fake::Environment bare(
      {{"SLINGSHOT_VNIS", nullptr}, {"SLINGSHOT_SVC_IDS", nullptr}, {"SLINGSHOT_DEVICES", nullptr}});
  std::string mine = "1:*:*,6:" + std::to_string(getuid()) + ":1025";
  auto reaches = [](const char* services, const char* vni, const char* service) {
    fake::Environment some{{"FAKE_CXI_SERVICES", services}};
    nic::Domain open, same(ask(), [&](fi_info&i) {
      nic::set_key(i.domain_attr->auth_key, i.domain_attr->auth_key_size,
                   {uint32_t(atoi(service)), uint16_t(atoi(vni))});
    });
    return reach(open, same) == 0;
  };
  CHECK(reaches(mine.c_str(), "1025", "6"));
  CHECK(reaches("1:*:*,7:4242:1026", "10", "1"));
  fake::Environment none{{"FAKE_CXI_SERVICES", "7:4242:1026"}};
  BREAKS("F-CXI-4", nic::Domain().rc, -FI_ENOSYS);
}

TEST_CASE("F-CXI-8: a VNI of a NIC has 511 PIDs, and another VNI has its own") {
  nic::Domain domain = in_vni("2000", "5,5");
  std::vector<std::unique_ptr<fakecxi::Board>> boards;
  uint32_t pid = 0, nic_address = 1;
  for (int i = 0; i < 511; ++i) {
    boards.push_back(std::make_unique<fakecxi::Board>());
    REQUIRE(boards.back()->open(2000, nic_address, pid));
    REQUIRE(pid == uint32_t(i));
  }
  End full(domain, false);
  BREAKS("F-CXI-8", fi_enable(full.ep.get()), -FI_ENOSPC);
  nic::Domain other = in_vni("1024", "5,5");
  End free(other);
  boards.erase(boards.begin() + 77);
  CHECK(fi_enable(full.ep.get()) == 0);
}

TEST_CASE("F-CXI-10: two threads at once in a domain of FI_THREAD_DOMAIN are heard") {
  nic::Domain domain;
  End end(domain);
  podstep::Heard heard;
  std::atomic<bool> met{false};
  auto hammer = [&] {
    for (int i = 0; i < 100000000 && !met; ++i)
      if (fi_cq_read(end.cq.get(), nullptr, 0) == -FI_EINVAL)
        met = true;
  };
  std::thread other(hammer);
  hammer();
  other.join();
  CHECK(met);
  CHECK(heard.text().find("fake cxi: F-CXI-10: a second thread") == 0);
}
