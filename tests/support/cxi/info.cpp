// What the fake cxi offers, and which hints it can serve: fi_getinfo of prov/cxi in short. A question breaks
// no rule, so refusals here are silent.
#include "tests/support/cxi/cxi.h"
#include <cstdlib>
#include <cstring>

namespace fakecxi {

namespace {

constexpr uint64_t transfers =
    FI_MSG | FI_TAGGED | FI_RMA | FI_SEND | FI_RECV | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE;
constexpr uint64_t supported = transfers | FI_DIRECTED_RECV | FI_LOCAL_COMM | FI_REMOTE_COMM | FI_HMEM;
constexpr uint64_t orders = FI_ORDER_SAS | FI_ORDER_WAW | FI_ORDER_RMA_WAW | FI_ORDER_RMA_RAR;
constexpr uint64_t tag_format = 0xaaaaaaaaaaaaaaaa >> (64 - tag_bits); // a field for each bit

int needed_modes() {
  return FI_MR_ENDPOINT | FI_MR_ALLOCATED | (demands_local() ? FI_MR_LOCAL : 0);
}

bool serves(const fi_ep_attr* ep) {
  return !ep || ((ep->type == FI_EP_UNSPEC || ep->type == FI_EP_RDM) && ep->max_msg_size <= most_bytes &&
                 (ep->protocol == FI_PROTO_UNSPEC || ep->protocol == FI_PROTO_CXI) && ep->tx_ctx_cnt <= 1 &&
                 ep->rx_ctx_cnt <= 1 && (ep->auth_key_size == 0 || ep->auth_key_size == sizeof(AuthKey)));
}

bool serves(const fi_domain_attr* domain, bool rma) {
  if (!domain)
    return true;
  int needed = needed_modes(), modes = domain->mr_mode == FI_MR_ENDPOINT ? needed : domain->mr_mode;
  return domain->control_progress != FI_PROGRESS_AUTO && domain->data_progress != FI_PROGRESS_AUTO &&
         domain->threading != FI_THREAD_FID && domain->threading != FI_THREAD_ENDPOINT &&
         (!rma || (modes & needed) == needed) &&
         (domain->auth_key_size == 0 || domain->auth_key_size == sizeof(AuthKey));
}

template<class Attr> bool serves_queue(const Attr* attr) {
  return !attr || (attr->size <= depth && (attr->msg_order & ~orders) == 0 && attr->iov_limit <= 1);
}

bool serves(const fi_info& hints) {
  const char* name = hints.fabric_attr ? hints.fabric_attr->prov_name : nullptr;
  return (hints.caps & ~supported) == 0 && (!name || strcmp(name, "cxi") == 0) && serves(hints.ep_attr) &&
         serves(hints.domain_attr, (hints.caps == 0 || (hints.caps & FI_RMA) != 0)) &&
         serves_queue(hints.tx_attr) && serves_queue(hints.rx_attr) &&
         (!hints.tx_attr || hints.tx_attr->inject_size <= inject_bytes) && !hints.src_addr &&
         !hints.dest_addr;
}

fi_info* offer(uint32_t number, const fi_info* hints) {
  fi_info* out = fi_allocinfo();
  if (!out)
    return nullptr;
  const fi_domain_attr* asked = hints ? hints->domain_attr : nullptr;
  bool provider_keys = !asked || (asked->mr_mode & FI_MR_PROV_KEY) != 0;
  uint64_t order = hints && hints->tx_attr ? hints->tx_attr->msg_order : orders;
  out->caps = hints && hints->caps ? hints->caps | (supported & (FI_LOCAL_COMM | FI_REMOTE_COMM)) : supported;
  out->addr_format = FI_ADDR_CXI;
  auto* source = static_cast<Address*>(calloc(1, sizeof(Address)));
  source->nic = uint32_t(atoi(setting("FAKE_CXI_NODE", "0").c_str())) * 16 + number + 1;
  source->pid = any_pid;
  out->src_addr = source;
  out->src_addrlen = sizeof *source;
  *out->tx_attr = {};
  out->tx_attr->caps = out->caps;
  out->tx_attr->msg_order = order;
  out->tx_attr->inject_size = inject_bytes;
  out->tx_attr->size = hints && hints->tx_attr && hints->tx_attr->size ? hints->tx_attr->size : depth;
  out->tx_attr->iov_limit = out->tx_attr->rma_iov_limit = 1;
  out->tx_attr->op_flags = hints && hints->tx_attr ? hints->tx_attr->op_flags : 0;
  *out->rx_attr = {};
  out->rx_attr->caps = out->caps;
  out->rx_attr->msg_order = order;
  out->rx_attr->size = hints && hints->rx_attr && hints->rx_attr->size ? hints->rx_attr->size : depth;
  out->rx_attr->iov_limit = 1;
  out->ep_attr->type = FI_EP_RDM;
  out->ep_attr->protocol = FI_PROTO_CXI;
  out->ep_attr->max_msg_size = most_bytes;
  out->ep_attr->mem_tag_format = tag_format;
  out->ep_attr->tx_ctx_cnt = out->ep_attr->rx_ctx_cnt = 1;
  fi_domain_attr& domain = *out->domain_attr;
  domain.name = strdup(("cxi" + std::to_string(number)).c_str());
  domain.threading = asked && asked->threading ? asked->threading : FI_THREAD_SAFE;
  domain.control_progress = domain.data_progress = FI_PROGRESS_MANUAL;
  domain.resource_mgmt = FI_RM_ENABLED;
  domain.av_type = asked ? asked->av_type : FI_AV_UNSPEC;
  domain.mr_mode = needed_modes() | (provider_keys ? FI_MR_PROV_KEY : 0);
  domain.mr_key_size = provider_keys ? 8 : 4;
  domain.cq_data_size = 8;
  domain.mr_iov_limit = 1;
  if (asked && asked->auth_key) {
    domain.auth_key = static_cast<uint8_t*>(malloc(sizeof(AuthKey)));
    memcpy(domain.auth_key, asked->auth_key, sizeof(AuthKey));
    domain.auth_key_size = sizeof(AuthKey);
  }
  out->fabric_attr->name = strdup("cxi");
  out->fabric_attr->prov_version = FI_VERSION(2, 5);
  return out;
}

} // namespace

int device_number(const char* name) {
  if (!name || strncmp(name, "cxi", 3) != 0)
    return -1;
  int number = atoi(name + 3);
  return name == "cxi" + std::to_string(number) ? number : -1;
}

int check_info(const fi_info& info) {
  if (!info.domain_attr || !info.ep_attr || !info.tx_attr || !info.rx_attr || !info.src_addr ||
      info.src_addrlen != sizeof(Address) || device_number(info.domain_attr->name) < 0)
    return breaks("F-CXI-10", "an fi_info that fi_getinfo did not give", -FI_EINVAL);
  if (info.ep_attr->type != FI_EP_RDM)
    return breaks("F-CXI-10", "an endpoint of another type than FI_EP_RDM", -FI_EINVAL);
  int needed = needed_modes(), foreign = FI_MR_VIRT_ADDR | (FI_MR_LOCAL & ~needed);
  if ((info.domain_attr->mr_mode & needed) != needed || (info.domain_attr->mr_mode & foreign) != 0)
    return breaks("F-CXI-10", "registration modes that the NIC has not", -FI_EINVAL);
  if ((info.tx_attr->msg_order & ~orders) != 0)
    return breaks("F-CXI-11", "an order that the NIC does not keep", -FI_EINVAL);
  if (info.tx_attr->inject_size > inject_bytes || info.tx_attr->size > depth || info.rx_attr->size > depth)
    return breaks("F-CXI-11", "sizes beyond what fi_getinfo gave", -FI_EINVAL);
  return 0;
}

int get_info(uint32_t, const char* node, const char* service, uint64_t, const fi_info* hints, fi_info** out) {
  *out = nullptr;
  if (node || service || (hints && !serves(*hints)))
    return -FI_ENODATA;
  const fi_domain_attr* asked = hints ? hints->domain_attr : nullptr;
  fi_info** last = out;
  for (int i = 0, count = atoi(setting("FAKE_CXI_DEVICES", "2").c_str()); i < count; ++i) {
    if (asked && asked->name && device_number(asked->name) != i)
      continue;
    if (asked && asked->auth_key) {
      AuthKey key;
      memcpy(&key, asked->auth_key, sizeof key);
      if (check_key(key) != 0)
        continue;
    }
    if ((*last = offer(uint32_t(i), hints)) != nullptr)
      last = &(*last)->next;
  }
  return *out ? 0 : -FI_ENODATA;
}

} // namespace fakecxi
