// Fabric and domain of the fake cxi: a NIC with a key.
#include "tests/support/cxi/cxi.h"
#include <cstring>
#include <new>

namespace fakecxi {

namespace {

int close_fabric(fid* f) {
  auto* fabric = static_cast<Fabric*>(reinterpret_cast<fid_fabric*>(f));
  if (fabric->children > 0)
    return breaks("F-CXI-10", "a fabric is closed before its domains", -FI_EBUSY);
  fi_close(&fabric->lower->fid);
  fi_freeinfo(fabric->lower_info);
  delete fabric;
  return 0;
}

int close_domain(fid* f) {
  auto* domain = static_cast<Domain*>(reinterpret_cast<fid_domain*>(f));
  if (domain->children > 0)
    return breaks("F-CXI-10", "a domain is closed before its endpoints, queues or regions", -FI_EBUSY);
  fi_close(&domain->lower->fid);
  --domain->fabric->children;
  delete domain;
  return 0;
}

fi_ops fabric_fid_ops = {sizeof(fi_ops),
                         close_fabric,
                         none<decltype(fi_ops::bind)>,
                         none<decltype(fi_ops::control)>,
                         none<decltype(fi_ops::ops_open)>,
                         nullptr,
                         nullptr};
fi_ops_fabric fabric_ops = {sizeof(fi_ops_fabric),
                            open_domain,
                            none<decltype(fi_ops_fabric::passive_ep)>,
                            none<decltype(fi_ops_fabric::eq_open)>,
                            none<decltype(fi_ops_fabric::wait_open)>,
                            none<decltype(fi_ops_fabric::trywait)>,
                            none<decltype(fi_ops_fabric::domain2)>};
fi_ops domain_fid_ops = {sizeof(fi_ops),
                         close_domain,
                         none<decltype(fi_ops::bind)>,
                         none<decltype(fi_ops::control)>,
                         none<decltype(fi_ops::ops_open)>,
                         nullptr,
                         nullptr};
fi_ops_domain domain_ops = {sizeof(fi_ops_domain),
                            open_av,
                            open_cq,
                            open_endpoint,
                            none<decltype(fi_ops_domain::scalable_ep)>,
                            none<decltype(fi_ops_domain::cntr_open)>,
                            none<decltype(fi_ops_domain::poll_open)>,
                            none<decltype(fi_ops_domain::stx_ctx)>,
                            none<decltype(fi_ops_domain::srx_ctx)>,
                            none<decltype(fi_ops_domain::query_atomic)>,
                            none<decltype(fi_ops_domain::query_collective)>,
                            none<decltype(fi_ops_domain::endpoint2)>};

fi_info* lower_info() {
  fi_info* hints = fi_allocinfo();
  if (!hints)
    return nullptr;
  hints->caps = FI_MSG | FI_TAGGED | FI_DIRECTED_RECV;
  hints->ep_attr->type = FI_EP_RDM;
  hints->domain_attr->threading = FI_THREAD_SAFE;
  hints->tx_attr->msg_order = hints->rx_attr->msg_order = FI_ORDER_SAS;
  hints->tx_attr->size = hints->rx_attr->size = depth;
  hints->fabric_attr->prov_name = strdup("shm");
  fi_info* out = nullptr;
  if (fi_getinfo(FI_VERSION(1, 17), nullptr, nullptr, 0, hints, &out) != 0)
    out = nullptr;
  fi_freeinfo(hints);
  return out;
}

/// The key that the domain is given, or finds (F-CXI-4, F-CXI-5).
int take_key(const fi_info& info, AuthKey& key) {
  const fi_domain_attr& attr = *info.domain_attr;
  if (attr.auth_key && attr.auth_key_size != sizeof key)
    return breaks("F-CXI-5", "a key of another size than struct cxi_auth_key", -FI_EINVAL);
  if (attr.auth_key)
    memcpy(&key, attr.auth_key, sizeof key);
  else if (int rc = default_key(attr.name, key))
    return rc;
  return check_key(key);
}

} // namespace

int open_fabric(fi_fabric_attr*, fid_fabric** out, void* context) {
  fi_info* info = lower_info();
  if (!info)
    return -FI_ENODATA;
  auto* fabric = new Fabric;
  fabric->lower_info = info;
  if (int rc = fi_fabric(info->fabric_attr, &fabric->lower, nullptr)) {
    fi_freeinfo(info);
    delete fabric;
    return rc;
  }
  fabric->fid = {FI_CLASS_FABRIC, context, &fabric_fid_ops};
  fabric->ops = &fabric_ops;
  *out = fabric;
  return 0;
}

int open_domain(fid_fabric* f, fi_info* info, fid_domain** out, void* context) {
  auto* fabric = static_cast<Fabric*>(f);
  AuthKey key{};
  if (int rc = info ? check_info(*info) : -FI_EINVAL)
    return rc;
  if (int rc = take_key(*info, key))
    return rc;
  auto* domain = new Domain;
  if (int rc = fi_domain(fabric->lower, fabric->lower_info, &domain->lower, nullptr)) {
    delete domain;
    return rc;
  }
  domain->fabric = fabric;
  domain->key = key;
  domain->nic = static_cast<Address*>(info->src_addr)->nic;
  domain->provider_keys = (info->domain_attr->mr_mode & FI_MR_PROV_KEY) != 0;
  domain->local = (info->domain_attr->mr_mode & FI_MR_LOCAL) != 0;
  domain->one_thread = info->domain_attr->threading == FI_THREAD_DOMAIN;
  domain->writedata = domain->provider_keys && setting("FI_CXI_ENABLE_WRITEDATA", "0") == "1";
  domain->fid = {FI_CLASS_DOMAIN, context, &domain_fid_ops};
  domain->ops = &domain_ops;
  domain->mr = &mr_ops;
  ++fabric->children;
  *out = domain;
  return 0;
}

} // namespace fakecxi
