// Reading ELF files with pread(2): see elf.h.
#include "containerd-shim/elf.h"
#include "common/limits.h"
#include "common/text.h"
#include <bit>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <unistd.h>

namespace podstep::shim {

namespace {

/// A library's or version's name fits NAME_MAX; a search path fits PATH_MAX.
constexpr size_t name_bytes = 256, path_bytes = 4096;

class Reader {
public:
  Reader(int fd, const std::string& name) : fd_(fd), name_(name) {}

  Error bad(std::string_view what) const { return Error(Kind::invalid, cat(printable(name_), ": ", what)); }
  Error too_many(std::string_view what) const {
    return Error(Kind::exhausted, cat(printable(name_), ": more than ", limits::elf_entries, " ", what));
  }

  /// The T at this offset of the file.
  template<class T> Result<T> at(uint64_t offset) const {
    T value;
    std::string_view what = "ends too early";
    if (offset > INT64_MAX - sizeof value)
      return bad(what);
    ssize_t got = ::pread(fd_, &value, sizeof value, off_t(offset));
    if (got < 0)
      return errno_error(cat("read ", printable(name_)));
    if (size_t(got) != sizeof value)
      return bad(what);
    return value;
  }

  Result<Elf64_Ehdr> header() const {
    PODSTEP_TRY(Elf64_Ehdr header, at<Elf64_Ehdr>(0));
    constexpr int order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
      return bad("is no ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != order ||
        header.e_phentsize != sizeof(Elf64_Phdr))
      return bad("is no 64-bit ELF file of this byte order");
    return header;
  }

  Result<void> segments(const Elf64_Ehdr& header) {
    if (header.e_phnum > limits::elf_entries)
      return too_many("program headers");
    for (uint64_t i = 0; i < header.e_phnum; ++i) {
      PODSTEP_TRY(Elf64_Phdr one, at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr)));
      if (one.p_type == PT_DYNAMIC)
        dynamic_ = one;
      if (one.p_type == PT_LOAD)
        loads_.push_back(one);
    }
    return {};
  }

  /// Where the file holds what is loaded at this address.
  Result<uint64_t> offset_of(uint64_t address) const {
    for (const Elf64_Phdr& one : loads_)
      if (address >= one.p_vaddr && address - one.p_vaddr < one.p_filesz)
        return one.p_offset + (address - one.p_vaddr);
    return bad("names an address that it does not load");
  }

  Result<std::vector<Elf64_Dyn>> dynamic() const {
    std::vector<Elf64_Dyn> out;
    uint64_t count = dynamic_.p_filesz / sizeof(Elf64_Dyn);
    if (count == 0)
      return bad("is not dynamic");
    for (uint64_t i = 0; i < count; ++i) {
      if (i == limits::elf_entries)
        return too_many("dynamic entries");
      PODSTEP_TRY(Elf64_Dyn entry, at<Elf64_Dyn>(dynamic_.p_offset + i * sizeof(Elf64_Dyn)));
      if (entry.d_tag == DT_NULL)
        break;
      out.push_back(entry);
    }
    return out;
  }

  Result<void> strings(uint64_t address, uint64_t size) {
    PODSTEP_TRY(strings_, offset_of(address));
    strings_size_ = size;
    return {};
  }

  Result<std::string> text(uint64_t index, size_t most = name_bytes) const {
    if (index >= strings_size_)
      return bad("has a name outside of its strings");
    std::string out(size_t(std::min<uint64_t>(most, strings_size_ - index)), '\0');
    if (strings_ + index > INT64_MAX)
      return bad("has a name outside of its strings");
    ssize_t got = ::pread(fd_, out.data(), out.size(), off_t(strings_ + index));
    if (got < 0)
      return errno_error(cat("read ", printable(name_)));
    size_t end = out.find('\0');
    if (end == out.npos || end >= size_t(got))
      return bad(cat("has a name longer than ", most, " bytes"));
    out.resize(end);
    return out;
  }

private:
  int fd_;
  const std::string& name_;
  Elf64_Phdr dynamic_{};
  std::vector<Elf64_Phdr> loads_;
  uint64_t strings_ = 0, strings_size_ = 0;
};

/// Chained records of two levels; `left` bounds both together, however the chains are bent.
Result<void> read_needs(const Reader& reader, uint64_t offset, uint64_t count, Elf& out) {
  size_t left = limits::elf_entries;
  for (uint64_t i = 0; i < count; ++i) {
    PODSTEP_TRY(Elf64_Verneed need, reader.at<Elf64_Verneed>(offset));
    PODSTEP_TRY(std::string file, reader.text(need.vn_file));
    uint64_t aux = offset + need.vn_aux;
    for (uint16_t j = 0; j < need.vn_cnt; ++j) {
      if (left-- == 0)
        return reader.too_many("needed versions");
      PODSTEP_TRY(Elf64_Vernaux one, reader.at<Elf64_Vernaux>(aux));
      PODSTEP_TRY(std::string version, reader.text(one.vna_name));
      out.needs.push_back({file, std::move(version)});
      aux += one.vna_next;
    }
    if (left-- == 0)
      return reader.too_many("needed versions");
    if (need.vn_next == 0)
      break;
    offset += need.vn_next;
  }
  return {};
}

Result<void> read_defines(const Reader& reader, uint64_t offset, uint64_t count, Elf& out) {
  for (uint64_t i = 0; i < count; ++i) {
    if (i == limits::elf_entries)
      return reader.too_many("versions");
    PODSTEP_TRY(Elf64_Verdef define, reader.at<Elf64_Verdef>(offset));
    PODSTEP_TRY(Elf64_Verdaux first, reader.at<Elf64_Verdaux>(offset + define.vd_aux));
    PODSTEP_TRY(std::string name, reader.text(first.vda_name));
    if (!(define.vd_flags & VER_FLG_BASE)) // that one is the file's own name
      out.defines.push_back(std::move(name));
    if (define.vd_next == 0)
      break;
    offset += define.vd_next;
  }
  return {};
}

uint64_t value_of(const std::vector<Elf64_Dyn>& entries, int64_t tag) {
  for (const Elf64_Dyn& entry : entries)
    if (entry.d_tag == tag)
      return entry.d_un.d_val;
  return 0;
}

Result<void> read_names(const Reader& reader, const std::vector<Elf64_Dyn>& entries, Elf& out) {
  for (const Elf64_Dyn& entry : entries)
    if (entry.d_tag == DT_NEEDED) {
      PODSTEP_TRY(std::string name, reader.text(entry.d_un.d_val));
      out.needed.push_back(std::move(name));
    }
  if (uint64_t index = value_of(entries, DT_SONAME)) {
    PODSTEP_TRY(out.soname, reader.text(index));
  }
  uint64_t path = value_of(entries, DT_RUNPATH);
  if (path == 0)
    path = value_of(entries, DT_RPATH);
  if (path != 0) {
    PODSTEP_TRY(out.search, reader.text(path, path_bytes));
  }
  return {};
}

} // namespace

Result<Elf> read_elf(int fd, const std::string& name) {
  Reader reader(fd, name);
  Elf out;
  PODSTEP_TRY(Elf64_Ehdr header, reader.header());
  out.machine = header.e_machine;
  PODSTEP_CHECK(reader.segments(header));
  PODSTEP_TRY(std::vector<Elf64_Dyn> entries, reader.dynamic());
  PODSTEP_CHECK(reader.strings(value_of(entries, DT_STRTAB), value_of(entries, DT_STRSZ)));
  PODSTEP_CHECK(read_names(reader, entries, out));
  if (uint64_t address = value_of(entries, DT_VERNEED)) {
    PODSTEP_TRY(uint64_t offset, reader.offset_of(address));
    PODSTEP_CHECK(read_needs(reader, offset, value_of(entries, DT_VERNEEDNUM), out));
  }
  if (uint64_t address = value_of(entries, DT_VERDEF)) {
    PODSTEP_TRY(uint64_t offset, reader.offset_of(address));
    PODSTEP_CHECK(read_defines(reader, offset, value_of(entries, DT_VERDEFNUM), out));
  }
  return out;
}

} // namespace podstep::shim
